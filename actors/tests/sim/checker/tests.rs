//! Every check must reject a doctored piece of evidence.
