//! Which roles open which RPC: the one table of both services. An RPC that is not in it is never served, and the tests go
//! through it row by row.

use super::Roles;
use super::role::Role::{Admin, Generate, Price, Read, Record};

/// What an RPC asks of whoever calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing: container engines ask for health and have no token.
    Anybody,
    /// A token, whatever it is for: reflection tells the contract, which is no secret.
    AnyToken,
    /// One of these roles; admin is each of them.
    Role(Roles),
}

/// A row.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The RPC as the wire names it.
    pub path: &'static str,
    /// What it asks for.
    pub access: Access,
}

macro_rules! rows {
    ($($service:literal { $($rpc:literal => [$($role:ident),+],)+ })+) => {
        &[$($(Row {
            path: concat!("/", $service, "/", $rpc),
            access: Access::Role(Roles::of(&[$($role),+])),
        },)+)+]
    };
}

/// Every RPC of ours, and the way in for OpenTelemetry.
pub const ROWS: &[Row] = rows! {
    "reelmeter.meter.v1.MeterService" {
        "StartSession" => [Record],
        "EndSession" => [Record],
        "ResetSession" => [Price],
        "GetSession" => [Read, Record],
        "ListSessions" => [Read],
        "RecordUsage" => [Record],
        "StreamUsage" => [Record],
        "ReportRecorderStatus" => [Record],
        "GetSummary" => [Read, Record],
        "WatchSummary" => [Read],
        "ListEvents" => [Read],
        "ExportEvents" => [Read],
        "GetReceipt" => [Read],
        "QueryUsage" => [Read],
        "SetBudget" => [Price],
        "ReserveBudget" => [Record],
        "ReleaseReservation" => [Record],
        "ReportQuota" => [Record],
    }
    "reelmeter.meter.v1.PricingService" {
        "GetPriceBook" => [Read, Record, Price],
        "ListPriceBooks" => [Read, Record, Price],
        "SetRates" => [Price],
        "ResetRates" => [Price],
        "EstimateCost" => [Read, Record, Price],
    }
    "reelmeter.meter.v1.AuditService" {
        "ListAuditEntries" => [Admin],
    }
    "opentelemetry.proto.collector.trace.v1.TraceService" {
        "Export" => [Record],
    }
    "reelmeter.generator.v1.GeneratorService" {
        "CreateVideo" => [Generate],
        "WatchVideo" => [Read, Generate],
        "GetVideo" => [Read, Generate],
        "ListVideos" => [Read, Generate],
        "CancelVideo" => [Generate],
        "ResumeVideo" => [Generate],
        "DiscardVideo" => [Generate],
        "EstimateVideo" => [Generate],
        "DownloadVideo" => [Read, Generate],
        "ListVoices" => [Generate],
    }
};

/// What an RPC asks for; `None` for one that nobody may call.
#[must_use]
pub fn access(path: &str) -> Option<Access> {
    if path.starts_with("/grpc.health.v1.Health/") {
        return Some(Access::Anybody);
    }
    if path.starts_with("/grpc.reflection.v1.ServerReflection/")
        || path.starts_with("/grpc.reflection.v1alpha.ServerReflection/")
    {
        return Some(Access::AnyToken);
    }
    let row = ROWS.iter().find(|row| row.path == path)?;
    Some(row.access)
}
