//! The overrides of each tenant, as they are kept.

use std::sync::Arc;

use reelmeter_rating::{Overrides, RateTable};
use rusqlite::{Connection, OptionalExtension, params};

use super::error::{Result, damaged};
use super::row::collect;
use crate::application::rules;
use crate::domain::DEFAULT_TENANT;
use crate::domain::tenant_prices::EVERYONE;

pub(super) use crate::domain::tenant_prices::TenantPrices;

/// The odd single value that holds the default tenant's overrides; another tenant's is `overrides/NAME`.
const OVERRIDES: &str = "overrides";
/// The same for how often a tenant's prices have changed.
const REVISION: &str = "price_revision";

/// A table under the overrides that were set at run time and kept.
pub(super) fn kept(connection: &Connection, table: &RateTable) -> Result<TenantPrices> {
    let mut kept = connection
        .prepare_cached("SELECT name, value FROM meta WHERE name = ?1 OR name LIKE ?1 || '/%'")?;
    let kept: Vec<(String, String)> = collect(&mut kept, params![OVERRIDES], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    let mut own = Vec::new();
    for (name, text) in kept {
        let tenant = name.strip_prefix(OVERRIDES).unwrap_or_default();
        let tenant = tenant.strip_prefix('/').unwrap_or(DEFAULT_TENANT);
        let overrides = Overrides::from_toml("kept overrides", &text)
            .map_err(|error| damaged("the overrides", &error.to_string()))?;
        own.push((Arc::from(tenant), overrides, revision(connection, tenant)?));
    }
    Ok(TenantPrices::new(
        table,
        revision(connection, EVERYONE)?,
        own,
    ))
}

/// Writes what the next start needs. To be called inside a transaction.
pub(super) fn keep(connection: &Connection, prices: &TenantPrices) -> Result<()> {
    let mut keep =
        connection.prepare_cached("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)")?;
    keep.execute(params![key(REVISION, EVERYONE), prices.everyone().revision])?;
    for (tenant, prices) in prices.own() {
        keep.execute(params![
            key(OVERRIDES, tenant),
            rules::kept(prices).to_toml()
        ])?;
        keep.execute(params![key(REVISION, tenant), prices.revision])?;
    }
    Ok(())
}

fn key(name: &str, tenant: &str) -> String {
    if tenant == DEFAULT_TENANT {
        name.to_owned()
    } else {
        format!("{name}/{tenant}")
    }
}

fn revision(connection: &Connection, tenant: &str) -> Result<i64> {
    let found: Option<i64> = connection
        .prepare_cached("SELECT value FROM meta WHERE name = ?1")?
        .query_row(params![key(REVISION, tenant)], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or(0))
}
