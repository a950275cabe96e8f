//! The mesh is up before the node can answer. Until then every request hears "unavailable": it was certainly not
//! executed.

use std::sync::OnceLock;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::domain::ids::CompanyId;
use crate::mesh::messages::{Reply, Request};
use crate::mesh::peer::Serve;
use crate::mesh::service::Service;

#[derive(Default)]
pub struct LateService {
    service: OnceLock<Service>,
}

impl LateService {
    /// From now on requests are answered.
    pub fn set(&self, service: Service) {
        let first = self.service.set(service).is_ok();
        assert!(first, "a node has one service");
    }
}

impl Serve for LateService {
    fn serve(&self, from: CompanyId, request: Request) -> BoxFuture<'static, Reply> {
        match self.service.get() {
            Some(service) => service.serve(from, request),
            None => std::future::ready(Reply::Unavailable).boxed(),
        }
    }
}
