//! Who a request comes from, as the door found out.

use std::sync::Arc;

use tonic::{Request, Status};

use super::Roles;

/// Names the tenant that a call is for, where the token is one that acts for several: the generator's own, towards the
/// meter. Any other token may only name its own tenant.
pub const TENANT_HEADER: &str = "reelmeter-tenant";

/// Who calls. The door puts one into every request that it lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The token's name, for the audit trail and for logs; never the token.
    pub name: Arc<str>,
    /// Whose data the call may touch.
    pub tenant: Arc<str>,
    /// What the token is for.
    pub roles: Roles,
}

impl Caller {
    /// The caller of a request.
    ///
    /// # Errors
    /// The request did not come through the door: a mistake of ours, and no request to answer.
    pub fn of<T>(request: &Request<T>) -> Result<&Self, Status> {
        request
            .extensions()
            .get()
            .ok_or_else(|| Status::internal("the request came past the door; please report it"))
    }
}
