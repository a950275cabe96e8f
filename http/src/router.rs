//! Which endpoint answers a method and path.
//!
//! The endpoints are data: one list gives the dispatch, `404`, `405` with its `Allow`, and the template that metrics and
//! logs name. warp's own path filters reject one by one and can tell none of the last three.

use std::fmt::Write;
use std::num::NonZeroU32;

use futures_util::future::BoxFuture;
use warp::http::Method;

use crate::answer::Answered;
use crate::call::Call;

pub(crate) type Handler<S> = for<'a> fn(&'a S, Call) -> BoxFuture<'a, Answered>;

/// A method, a path such as `/reservas/{uuid}`, and who answers it.
pub(crate) struct Endpoint<S: 'static> {
    method: Method,
    path: &'static str,
    handler: Handler<S>,
    cost: NonZeroU32,
}

impl<S> Endpoint<S> {
    /// A request counts as so many of its user's, because it takes as much.
    pub const fn costs(mut self, requests: NonZeroU32) -> Self {
        self.cost = requests;
        self
    }
}

pub(crate) const fn get<S>(path: &'static str, handler: Handler<S>) -> Endpoint<S> {
    let method = Method::GET;
    Endpoint {
        method,
        path,
        handler,
        cost: NonZeroU32::MIN,
    }
}

pub(crate) const fn post<S>(path: &'static str, handler: Handler<S>) -> Endpoint<S> {
    let method = Method::POST;
    Endpoint {
        method,
        path,
        handler,
        cost: NonZeroU32::MIN,
    }
}

pub(crate) const fn put<S>(path: &'static str, handler: Handler<S>) -> Endpoint<S> {
    let method = Method::PUT;
    Endpoint {
        method,
        path,
        handler,
        cost: NonZeroU32::MIN,
    }
}

pub(crate) const fn delete<S>(path: &'static str, handler: Handler<S>) -> Endpoint<S> {
    let method = Method::DELETE;
    Endpoint {
        method,
        path,
        handler,
        cost: NonZeroU32::MIN,
    }
}

pub(crate) struct Router<S: 'static> {
    resources: Vec<Resource<S>>,
}

/// All endpoints of one path.
struct Resource<S: 'static> {
    path: &'static str,
    methods: Vec<Answering<S>>,
    allow: String,
}

/// A method, who answers it, and what it costs.
type Answering<S> = (Method, Handler<S>, NonZeroU32);

/// What a method and path lead to.
pub(crate) enum Found<S: 'static> {
    Endpoint {
        path: &'static str,
        handler: Handler<S>,
        cost: NonZeroU32,
        /// What stands for the `{…}` of the path, in order.
        arguments: Vec<String>,
    },
    /// The path is known, the method is not; `allow` lists those that are.
    OtherMethod {
        path: &'static str,
        allow: String,
    },
    Nothing,
}

impl<S: 'static> Router<S> {
    pub fn new(groups: &[&[Endpoint<S>]]) -> Self {
        let mut resources: Vec<Resource<S>> = Vec::new();
        for endpoint in groups.iter().copied().flatten() {
            let method = (endpoint.method.clone(), endpoint.handler, endpoint.cost);
            match resources.iter_mut().find(|r| r.path == endpoint.path) {
                Some(resource) => resource.methods.push(method),
                None => resources.push(Resource {
                    path: endpoint.path,
                    methods: vec![method],
                    allow: String::new(),
                }),
            }
        }
        for resource in &mut resources {
            resource.allow = resource.list_methods();
        }
        Self { resources }
    }

    pub fn find(&self, method: &Method, path: &str) -> Found<S> {
        let Some((resource, arguments)) = self
            .resources
            .iter()
            .find_map(|r| Some((r, arguments_of(r.path, path)?)))
        else {
            return Found::Nothing;
        };
        // hyper sends the answer to a HEAD without its body
        let method = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        match resource.methods.iter().find(|(known, ..)| known == method) {
            Some((_, handler, cost)) => Found::Endpoint {
                path: resource.path,
                handler: *handler,
                cost: *cost,
                arguments,
            },
            None => Found::OtherMethod {
                path: resource.path,
                allow: resource.allow.clone(),
            },
        }
    }

    /// Method and path of every endpoint.
    #[cfg(test)]
    pub fn list(&self) -> Vec<(Method, &'static str)> {
        let all = |r: &Resource<S>| -> Vec<_> {
            r.methods
                .iter()
                .map(|(m, ..)| (m.clone(), r.path))
                .collect()
        };
        self.resources.iter().flat_map(all).collect()
    }
}

impl<S> Resource<S> {
    fn list_methods(&self) -> String {
        let mut list = String::new();
        for (method, ..) in &self.methods {
            let comma = if list.is_empty() { "" } else { ", " };
            let head = if *method == Method::GET { ", HEAD" } else { "" };
            write!(list, "{comma}{method}{head}").expect("a String takes everything");
        }
        list
    }
}

/// What stands for the `{…}` of the template; none if the path does not match it.
fn arguments_of(template: &str, path: &str) -> Option<Vec<String>> {
    let mut arguments = Vec::new();
    let mut given = path.split('/');
    for segment in template.split('/') {
        let text = given.next()?;
        if segment.starts_with('{') && !text.is_empty() {
            arguments.push(text.to_owned());
        } else if segment != text {
            return None;
        }
    }
    given.next().is_none().then_some(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Answer;

    fn router() -> Router<()> {
        let nothing: Handler<()> = |(), _| Box::pin(async { Ok(Answer::text("")) });
        Router::new(&[
            &[get("/seats/{id}", nothing), put("/seats/{id}", nothing)],
            &[
                post("/login", nothing),
                delete("/tickets/{user}/{id}", nothing),
            ],
        ])
    }

    fn arguments(method: Method, path: &str) -> Vec<String> {
        match router().find(&method, path) {
            Found::Endpoint { arguments, .. } => arguments,
            _ => panic!("{method} {path} leads nowhere"),
        }
    }

    #[test]
    fn a_path_leads_to_its_endpoint_with_what_stands_in_it() {
        assert_eq!(arguments(Method::POST, "/login"), [""; 0]);
        assert_eq!(arguments(Method::GET, "/seats/7"), ["7"]);
        assert_eq!(arguments(Method::HEAD, "/seats/7"), ["7"]);
        assert_eq!(arguments(Method::DELETE, "/tickets/u/t"), ["u", "t"]);
    }

    #[test]
    fn another_method_is_told_the_right_ones() {
        for (method, path, allowed) in [
            (Method::DELETE, "/seats/7", "GET, HEAD, PUT"),
            (Method::GET, "/login", "POST"),
            (Method::HEAD, "/login", "POST"),
            (Method::PATCH, "/tickets/u/t", "DELETE"),
        ] {
            match router().find(&method, path) {
                Found::OtherMethod { allow, .. } => assert_eq!(allow, allowed),
                _ => panic!("{method} {path} is no method's fault"),
            }
        }
    }

    #[test]
    fn any_other_path_leads_nowhere() {
        for path in [
            "",
            "/",
            "login",
            "/login/",
            "//login",
            "/seats",
            "/seats/",
            "/seats/7/8",
            "/tickets//t",
            "/LOGIN",
        ] {
            assert!(
                matches!(router().find(&Method::GET, path), Found::Nothing),
                "{path}"
            );
        }
    }
}
