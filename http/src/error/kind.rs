//! The table of problems: one row per kind, from there to status, `type` and sentences.

use warp::http::StatusCode;

use crate::language::Text;

/// What went wrong, as far as a client is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    MalformedJson,
    InvalidRequest,
    PlacesMissing,
    InvalidToken,
    BadCredentials,
    BadCode,
    NotYourUser,
    ViewersLook,
    UnknownPath,
    UnknownPlace,
    AmbiguousPlace,
    UnknownCompany,
    UnknownSeat,
    NoTickets,
    UnknownTicket,
    NoSuchTicket,
    BookingNotFound,
    TicketCodeInvalid,
    QuoteChanged,
    TicketChanged,
    NotRebookable,
    NotCorrectable,
    PriceChanged,
    UnknownBooking,
    UnknownHold,
    HoldExpired,
    HoldAtLimit,
    AlreadyBooked,
    TooManyHolds,
    PaymentRequired,
    SoldElsewhere,
    NotPayable,
    UnknownPayment,
    BadSignature,
    PassengerDataRequired,
    UnknownSaga,
    MethodNotAllowed,
    RequestTimeout,
    LoginTaken,
    SeatBusy,
    SeatHeld,
    SeatTaken,
    CompanySilent,
    StillRunning,
    SeatInUse,
    BodyTooLarge,
    TargetTooLong,
    HeadTooLarge,
    NotJson,
    EncodedBody,
    KeyReused,
    TooManyRequests,
    Internal,
    CompanyDown,
    NoMajority,
    NoMail,
    Overloaded,
    Unavailable,
    OutcomeUnknown,
}

/// What every problem of a kind says.
pub(crate) struct Row {
    pub status: StatusCode,
    /// Last segment of the `type`.
    pub slug: &'static str,
    pub title: Text,
    pub message: Text,
}

impl Kind {
    /// Messages of the old contract stand as they were.
    pub fn row(self) -> Row {
        match self {
            Self::MalformedJson => row(
                StatusCode::BAD_REQUEST,
                "malformed-json",
                Text::fixed("JSON malformado", "Malformed JSON"),
                Text::fixed(
                    "O corpo da requisição não é JSON válido",
                    "The body of the request is not valid JSON",
                ),
            ),
            Self::InvalidRequest => row(
                StatusCode::BAD_REQUEST,
                "invalid-request",
                Text::fixed("Requisição inválida", "Invalid request"),
                Text::fixed("A requisição não é válida", "The request is not valid"),
            ),
            Self::PlacesMissing => row(
                StatusCode::BAD_REQUEST,
                "invalid-request",
                Text::fixed("Requisição inválida", "Invalid request"),
                Text::fixed(
                    "Origem e destino são obrigatórios",
                    "Origin and destination are required",
                ),
            ),
            Self::InvalidToken => row(
                StatusCode::UNAUTHORIZED,
                "invalid-token",
                Text::fixed("Não autenticado", "Not authenticated"),
                Text::fixed(
                    "Token ausente, inválido ou expirado",
                    "The token is missing, invalid or expired",
                ),
            ),
            Self::BadCredentials => row(
                StatusCode::UNAUTHORIZED,
                "bad-credentials",
                Text::fixed("Não autenticado", "Not authenticated"),
                Text::fixed("Credenciais inválidas", "Invalid credentials"),
            ),
            Self::BadCode => row(
                StatusCode::UNAUTHORIZED,
                "bad-code",
                Text::fixed("Código inválido", "Invalid code"),
                Text::fixed(
                    "O código está errado, venceu ou já foi usado; peça outro se precisar",
                    "The code is wrong, has expired or was used already; ask for another if need be",
                ),
            ),
            Self::NotYourUser => row(
                StatusCode::FORBIDDEN,
                "not-your-user",
                Text::fixed("Proibido", "Forbidden"),
                Text::fixed(
                    "O usuário informado não é o do token",
                    "The given user is not the token's user",
                ),
            ),
            Self::ViewersLook => row(
                StatusCode::FORBIDDEN,
                "viewers-look",
                Text::fixed("Proibido", "Forbidden"),
                Text::fixed(
                    "Este operador só pode consultar",
                    "This operator may only look",
                ),
            ),
            Self::UnknownPath => row(
                StatusCode::NOT_FOUND,
                "unknown-path",
                Text::fixed("Não encontrado", "Not found"),
                Text::fixed(
                    "Este endereço não existe",
                    "There is nothing at this address",
                ),
            ),
            Self::UnknownPlace => row(
                StatusCode::NOT_FOUND,
                "unknown-place",
                Text::fixed("Lugar desconhecido", "Unknown place"),
                Text::fixed(
                    "Aeroporto ou cidade não encontrado",
                    "No such airport or city",
                ),
            ),
            Self::AmbiguousPlace => row(
                StatusCode::BAD_REQUEST,
                "ambiguous-place",
                Text::fixed("Lugar ambíguo", "Ambiguous place"),
                Text::fixed(
                    "Vários lugares têm este nome",
                    "Several places have this name",
                ),
            ),
            Self::UnknownCompany => row(
                StatusCode::NOT_FOUND,
                "unknown-company",
                Text::fixed("Companhia desconhecida", "Unknown company"),
                Text::fixed("Companhia não encontrada", "No such company"),
            ),
            Self::UnknownHold => row(
                StatusCode::NOT_FOUND,
                "unknown-hold",
                Text::fixed("Não encontrado", "Not found"),
                Text::fixed("Retenção não encontrada", "No such hold"),
            ),
            Self::HoldExpired => row(
                StatusCode::GONE,
                "hold-expired",
                Text::fixed("Retenção encerrada", "The hold has ended"),
                Text::fixed(
                    "A retenção expirou ou foi liberada; os assentos não estão mais reservados para você",
                    "The hold has expired or was released; the seats are not kept for you any more",
                ),
            ),
            Self::HoldAtLimit => row(
                StatusCode::CONFLICT,
                "hold-at-limit",
                Text::fixed("Limite da retenção", "Limit of the hold"),
                Text::fixed(
                    "A retenção já dura o máximo permitido: 2 horas, ou até o fim da venda do primeiro trecho",
                    "The hold lasts as long as allowed already: 2 hours, or until the sale of the first leg closes",
                ),
            ),
            Self::AlreadyBooked => row(
                StatusCode::CONFLICT,
                "already-booked",
                Text::fixed("Já confirmada", "Confirmed already"),
                Text::fixed(
                    "A retenção já virou passagem; cancele a passagem",
                    "The hold has become a ticket; cancel the ticket",
                ),
            ),
            Self::TooManyHolds => row(
                StatusCode::TOO_MANY_REQUESTS,
                "too-many-holds",
                Text::fixed("Retenções demais", "Too many holds"),
                Text::fixed(
                    "Você já tem o máximo de retenções abertas; confirme ou libere uma",
                    "You have as many open holds as allowed; confirm or release one",
                ),
            ),
            Self::PaymentRequired => row(
                StatusCode::PAYMENT_REQUIRED,
                "payment-required",
                Text::fixed("Pagamento necessário", "Payment required"),
                Text::fixed(
                    "É preciso pagar antes da confirmação",
                    "It has to be paid before it is confirmed",
                ),
            ),
            Self::SoldElsewhere => row(
                StatusCode::CONFLICT,
                "sold-elsewhere",
                Text::fixed("Outra companhia", "Another company"),
                Text::fixed(
                    "A retenção foi feita em outra companhia, que recebe o pagamento",
                    "The hold was made at another company, which takes the payment",
                ),
            ),
            Self::NotPayable => row(
                StatusCode::CONFLICT,
                "not-payable",
                Text::fixed("Não há o que pagar", "Not payable"),
                Text::fixed(
                    "Esta retenção não pode ser paga aqui",
                    "This hold cannot be paid for here",
                ),
            ),
            Self::UnknownPayment => row(
                StatusCode::NOT_FOUND,
                "unknown-payment",
                Text::fixed("Não encontrado", "Not found"),
                Text::fixed("Pagamento não encontrado", "No such payment"),
            ),
            Self::BadSignature => row(
                StatusCode::FORBIDDEN,
                "bad-signature",
                Text::fixed("Assinatura inválida", "Bad signature"),
                Text::fixed(
                    "O aviso não está assinado, ou não foi assinado agora",
                    "The notice is not signed, or was not signed just now",
                ),
            ),
            Self::UnknownSeat => row(
                StatusCode::NOT_FOUND,
                "unknown-seat",
                Text::fixed("Assento desconhecido", "Unknown seat"),
                Text::fixed("Trecho ou assento não encontrado", "No such leg or seat"),
            ),
            Self::NoTickets => row(
                StatusCode::NOT_FOUND,
                "no-tickets",
                Text::fixed("Não encontrado", "Not found"),
                Text::fixed(
                    "Nenhuma passagem encontrada para o UUID do usuário fornecido",
                    "No ticket was found for the given user UUID",
                ),
            ),
            Self::UnknownTicket => row(
                StatusCode::NOT_FOUND,
                "unknown-ticket",
                Text::fixed("Não encontrado", "Not found"),
                Text::fixed(
                    "Nenhuma passagem encontrada para deletar",
                    "No ticket was found to delete",
                ),
            ),
            Self::NoSuchTicket => row(
                StatusCode::NOT_FOUND,
                "unknown-ticket",
                Text::fixed("Não encontrado", "Not found"),
                Text::fixed("Passagem não encontrada", "No such ticket"),
            ),
            Self::BookingNotFound => row(
                StatusCode::NOT_FOUND,
                "booking-not-found",
                Text::fixed("Reserva não encontrada", "Booking not found"),
                Text::fixed(
                    "Não encontramos uma reserva com este código e sobrenome. Confira os dois e, se estiverem certos, informe também a data do primeiro voo.",
                    "We found no booking with this code and surname. Check both; if they are right, add the date of the first flight.",
                ),
            ),
            Self::TicketCodeInvalid => row(
                StatusCode::NOT_FOUND,
                "ticket-code-invalid",
                Text::fixed("Código inválido", "Invalid code"),
                Text::fixed(
                    "Este código não é de um bilhete emitido pelas companhias",
                    "This code is not of an e-ticket that the companies issued",
                ),
            ),
            Self::QuoteChanged => row(
                StatusCode::CONFLICT,
                "quote-changed",
                Text::fixed("Condições mudaram", "Terms have changed"),
                Text::fixed(
                    "As condições do cancelamento mudaram, consulte de novo",
                    "The terms of the cancellation have changed, ask for them again",
                ),
            ),
            Self::TicketChanged => row(
                StatusCode::CONFLICT,
                "ticket-changed",
                Text::fixed("Passagem mudou", "Ticket changed"),
                Text::fixed(
                    "A passagem mudou ou está sendo trocada, consulte-a de novo",
                    "The ticket has changed or is being exchanged, look at it again",
                ),
            ),
            Self::NotRebookable => row(
                StatusCode::CONFLICT,
                "not-rebookable",
                Text::fixed("Não remarcável", "Not rebookable"),
                Text::fixed(
                    "Estes voos não podem tomar o lugar dos antigos sem custo",
                    "These flights cannot take the place of the old ones without cost",
                ),
            ),
            Self::NotCorrectable => row(
                StatusCode::CONFLICT,
                "not-correctable",
                Text::fixed("Nome não corrigível", "Name not correctable"),
                Text::fixed(
                    "Este nome não pode ser corrigido assim",
                    "This name cannot be corrected like this",
                ),
            ),
            Self::PriceChanged => row(
                StatusCode::CONFLICT,
                "price-changed",
                Text::fixed("Preço mudou", "The price has changed"),
                Text::fixed(
                    "O preço mudou desde a consulta; nada foi reservado",
                    "The price has changed since it was shown; nothing was booked",
                ),
            ),
            Self::UnknownBooking => row(
                StatusCode::NOT_FOUND,
                "unknown-booking",
                Text::fixed("Não encontrado", "Not found"),
                Text::fixed(
                    "Nenhuma companhia alcançável conhece esta reserva",
                    "No company that can be reached knows this booking",
                ),
            ),
            Self::PassengerDataRequired => row(
                StatusCode::UNPROCESSABLE_ENTITY,
                "passenger-data-required",
                Text::fixed("Faltam dados de passageiros", "Passenger data required"),
                Text::fixed(
                    "Uma companhia da viagem exige dados de passageiros que não foram informados",
                    "A company of the trip asks for data of passengers that were not given",
                ),
            ),
            Self::UnknownSaga => row(
                StatusCode::NOT_FOUND,
                "unknown-saga",
                Text::fixed("Não encontrado", "Not found"),
                Text::fixed(
                    "Esta companhia não conhece esta saga",
                    "This company knows no such saga",
                ),
            ),
            Self::MethodNotAllowed => row(
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                Text::fixed("Método não permitido", "Method not allowed"),
                Text::fixed(
                    "Este endereço não aceita este método",
                    "This address does not take this method",
                ),
            ),
            Self::RequestTimeout => row(
                StatusCode::REQUEST_TIMEOUT,
                "request-timeout",
                Text::fixed("Requisição lenta demais", "Request too slow"),
                Text::fixed(
                    "O corpo da requisição não chegou a tempo",
                    "The body of the request did not arrive in time",
                ),
            ),
            Self::LoginTaken => row(
                StatusCode::CONFLICT,
                "login-taken",
                Text::fixed("Login em uso", "Login taken"),
                Text::fixed("Erro ao criar usuário", "The user could not be created"),
            ),
            Self::SeatBusy => row(
                StatusCode::CONFLICT,
                "seat-busy",
                Text::fixed("Assento em disputa", "Seat busy"),
                Text::fixed(
                    "Outro cliente está reservando este assento, tente novamente",
                    "Another customer is booking this seat, try again",
                ),
            ),
            Self::SeatHeld => row(
                StatusCode::CONFLICT,
                "seat-held",
                Text::fixed("Assento retido", "Seat held"),
                Text::fixed(
                    "Outro cliente está reservando este assento, tente novamente",
                    "Another customer is booking this seat, try again",
                ),
            ),
            Self::SeatTaken => row(
                StatusCode::CONFLICT,
                "seat-taken",
                Text::fixed("Assento indisponível", "Seat taken"),
                Text::fixed("Assento não está disponível", "The seat is not available"),
            ),
            Self::CompanySilent => row(
                StatusCode::CONFLICT,
                "company-silent",
                Text::fixed("Companhia sem resposta", "Company silent"),
                Text::fixed(
                    "Uma companhia não respondeu a tempo e a reserva foi desfeita, tente novamente",
                    "A company did not answer in time and the booking was undone, try again",
                ),
            ),
            Self::StillRunning => row(
                StatusCode::CONFLICT,
                "still-running",
                Text::fixed("Em andamento", "Still running"),
                Text::fixed(
                    "Esta reserva ainda está em andamento, tente novamente",
                    "This booking is still under way, try again",
                ),
            ),
            Self::SeatInUse => row(
                StatusCode::CONFLICT,
                "seat-in-use",
                Text::fixed("Assento em uso", "Seat in use"),
                Text::fixed(
                    "O assento está vendido ou retido",
                    "The seat is sold or held",
                ),
            ),
            Self::BodyTooLarge => row(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body-too-large",
                Text::fixed("Corpo grande demais", "Body too large"),
                Text::fixed(
                    "O corpo da requisição passa de 64 KiB",
                    "The body of the request exceeds 64 KiB",
                ),
            ),
            Self::NotJson => row(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not-json",
                Text::fixed("Tipo não suportado", "Unsupported media type"),
                Text::fixed(
                    "O corpo da requisição deve ser application/json",
                    "The body of the request must be application/json",
                ),
            ),
            Self::TargetTooLong => row(
                StatusCode::URI_TOO_LONG,
                "target-too-long",
                Text::fixed("Endereço longo demais", "Address too long"),
                Text::fixed(
                    "O endereço da requisição tem mais de 8 KiB",
                    "The address of the request has more than 8 KiB",
                ),
            ),
            Self::HeadTooLarge => row(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "head-too-large",
                Text::fixed("Cabeçalhos demais", "Too many headers"),
                Text::fixed(
                    "O cabeçalho da requisição tem mais de 64 linhas ou mais de 64 KiB",
                    "The head of the request has more than 64 lines, or more than 64 KiB",
                ),
            ),
            Self::EncodedBody => row(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "encoded-body",
                Text::fixed("Corpo codificado", "Encoded body"),
                Text::fixed(
                    "Envie o corpo sem Content-Encoding",
                    "Send the body without Content-Encoding",
                ),
            ),
            Self::KeyReused => row(
                StatusCode::UNPROCESSABLE_ENTITY,
                "key-reused",
                Text::fixed("Chave reutilizada", "Key reused"),
                Text::fixed(
                    "Esta Idempotency-Key já foi usada em outra requisição",
                    "This Idempotency-Key was used for another request",
                ),
            ),
            Self::TooManyRequests => row(
                StatusCode::TOO_MANY_REQUESTS,
                "too-many-requests",
                Text::fixed("Requisições demais", "Too many requests"),
                Text::fixed(
                    "Requisições demais, tente novamente mais tarde",
                    "Too many requests, try again later",
                ),
            ),
            Self::Internal => row(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                Text::fixed("Erro interno", "Internal error"),
                Text::fixed("Erro interno do servidor", "Internal server error"),
            ),
            Self::CompanyDown => row(
                StatusCode::SERVICE_UNAVAILABLE,
                "company-down",
                Text::fixed("Companhia fora do ar", "Company down"),
                Text::fixed(
                    "Uma companhia necessária está fora do ar, nada foi reservado",
                    "A company that is needed is down, nothing was booked",
                ),
            ),
            Self::NoMajority => row(
                StatusCode::SERVICE_UNAVAILABLE,
                "no-majority",
                Text::fixed("Sem maioria", "No majority"),
                Text::fixed(
                    "Não há companhias suficientes no ar para confirmar o login",
                    "Too few companies are up to agree on the login",
                ),
            ),
            Self::NoMail => row(
                StatusCode::SERVICE_UNAVAILABLE,
                "no-mail",
                Text::fixed("Sem e-mail", "No mail"),
                Text::fixed(
                    "Esta companhia não envia e-mails; tente em outra",
                    "This company sends no mail; try another one",
                ),
            ),
            Self::Overloaded => row(
                StatusCode::SERVICE_UNAVAILABLE,
                "overloaded",
                Text::fixed("Sobrecarregado", "Overloaded"),
                Text::fixed(
                    "O servidor está sobrecarregado ou sendo desligado, tente novamente",
                    "The server is overloaded or draining, try again",
                ),
            ),
            Self::Unavailable => row(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                Text::fixed("Indisponível", "Unavailable"),
                Text::fixed(
                    "Serviço temporariamente indisponível, tente novamente",
                    "Temporarily unavailable, try again",
                ),
            ),
            Self::OutcomeUnknown => row(
                StatusCode::GATEWAY_TIMEOUT,
                "outcome-unknown",
                Text::fixed("Resultado ainda desconhecido", "Outcome not known yet"),
                Text::fixed(
                    "O resultado não ficou conhecido a tempo",
                    "The outcome was not known in time",
                ),
            ),
        }
    }

    /// Every kind, for the tests that hold for all of them.
    #[cfg(test)]
    pub const ALL: &[Kind] = &[
        Self::MalformedJson,
        Self::InvalidRequest,
        Self::PlacesMissing,
        Self::InvalidToken,
        Self::BadCredentials,
        Self::BadCode,
        Self::NotYourUser,
        Self::ViewersLook,
        Self::UnknownPath,
        Self::UnknownPlace,
        Self::AmbiguousPlace,
        Self::UnknownCompany,
        Self::UnknownSeat,
        Self::NoTickets,
        Self::UnknownTicket,
        Self::NoSuchTicket,
        Self::BookingNotFound,
        Self::TicketCodeInvalid,
        Self::QuoteChanged,
        Self::TicketChanged,
        Self::NotRebookable,
        Self::NotCorrectable,
        Self::PriceChanged,
        Self::UnknownBooking,
        Self::PaymentRequired,
        Self::SoldElsewhere,
        Self::NotPayable,
        Self::UnknownPayment,
        Self::BadSignature,
        Self::UnknownSaga,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::LoginTaken,
        Self::SeatBusy,
        Self::SeatHeld,
        Self::SeatTaken,
        Self::CompanySilent,
        Self::StillRunning,
        Self::SeatInUse,
        Self::BodyTooLarge,
        Self::TargetTooLong,
        Self::HeadTooLarge,
        Self::NotJson,
        Self::EncodedBody,
        Self::KeyReused,
        Self::TooManyRequests,
        Self::Internal,
        Self::CompanyDown,
        Self::NoMajority,
        Self::NoMail,
        Self::Overloaded,
        Self::Unavailable,
        Self::OutcomeUnknown,
    ];
}

fn row(status: StatusCode, slug: &'static str, title: Text, message: Text) -> Row {
    Row {
        status,
        slug,
        title,
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn every_kind_is_an_error_and_says_so_in_both_languages() {
        for kind in Kind::ALL {
            let row = kind.row();
            assert!(row.status.is_client_error() || row.status.is_server_error());
            for text in [&row.title, &row.message] {
                assert!(!text.to(Language::Portuguese).is_empty());
                assert_ne!(text.to(Language::Portuguese), text.to(Language::English));
            }
        }
    }

    #[test]
    fn every_type_is_documented_with_its_status() {
        let contract = include_str!("../../../docs/api.md");
        for kind in Kind::ALL {
            let row = kind.row();
            let line = format!("| `{}` | {} |", row.slug, row.status.as_u16());
            assert!(contract.contains(&line), "docs/api.md lacks: {line}");
        }
    }
}
