//! `reelmeter.meter.v1.AuditService`.

use reelmeter_proto::meter::v1 as wire;
use reelmeter_proto::meter::v1::audit_service_server::AuditService;
use reelmeter_service::door::Caller;
use tonic::{Request, Response, Status};

use super::status::status;
use super::{from_wire, page_token, to_wire};
use crate::application::{Error, Meter};
use crate::domain::audit::{Action, AuditEntry};

/// Entries of a page where the caller does not say, and at most.
const ENTRIES_PER_PAGE: (usize, usize) = (100, 1_000);

/// The audit API over a connection.
#[derive(Clone, Debug)]
pub struct AuditApi {
    meter: Meter,
}

impl AuditApi {
    /// The API of a meter.
    #[must_use]
    pub fn new(meter: Meter) -> Self {
        Self { meter }
    }
}

async fn page(
    meter: &Meter,
    request: wire::ListAuditEntriesRequest,
) -> Result<wire::ListAuditEntriesResponse, Error> {
    let (default, most) = ENTRIES_PER_PAGE;
    let limit = from_wire::page_size(request.page_size, default, most)?;
    let after = page_token::event(&request.page_token, "audit")?;
    let page = meter.audit(after, limit).await?;
    let token = |next| page_token::of_event(next, "audit");
    Ok(wire::ListAuditEntriesResponse {
        entries: page.items.into_iter().map(entry).collect(),
        next_page_token: page.next.map(token).unwrap_or_default(),
    })
}

fn entry(entry: AuditEntry) -> wire::AuditEntry {
    let action = match entry.note.action {
        Action::SetRates => wire::AuditAction::SetRates,
        Action::ResetRates => wire::AuditAction::ResetRates,
        Action::ChangePriceFiles => wire::AuditAction::ChangePriceFiles,
        Action::ResetSession => wire::AuditAction::ResetSession,
        Action::SetBudget => wire::AuditAction::SetBudget,
    };
    wire::AuditEntry {
        entry_number: entry.number,
        create_time: Some(to_wire::time(entry.at)),
        actor: entry.note.actor.to_string(),
        action: action.into(),
        session_id: entry.note.session_id.to_string(),
        before: entry.note.before,
        after: entry.note.after,
    }
}

#[tonic::async_trait]
impl AuditService for AuditApi {
    async fn list_audit_entries(
        &self,
        request: Request<wire::ListAuditEntriesRequest>,
    ) -> Result<Response<wire::ListAuditEntriesResponse>, Status> {
        let caller = Caller::of(&request)?;
        let meter = self.meter.asked_by(&caller.tenant, &caller.name);
        let listed = page(&meter, request.into_inner()).await;
        listed.map(Response::new).map_err(status)
    }
}
