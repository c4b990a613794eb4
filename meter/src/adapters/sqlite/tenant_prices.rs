//! The prices of each tenant: one book, and everybody's own overrides over it.

use std::collections::HashMap;
use std::sync::Arc;

use reelmeter_rating::{Layer, Overrides, RateTable};
use rusqlite::{Connection, OptionalExtension, params};

use super::audit::EVERYONE;
use super::error::{Result, damaged};
use super::row::collect;
use crate::domain::DEFAULT_TENANT;
use crate::domain::summary::Prices;

/// The odd single value that holds the default tenant's overrides; another tenant's is `overrides/NAME`.
const OVERRIDES: &str = "overrides";
/// The same for how often a tenant's prices have changed.
const REVISION: &str = "price_revision";

/// The prices in force.
#[derive(Clone, Debug)]
pub(super) struct TenantPrices {
    /// For tenants without overrides.
    everyone: Arc<Prices>,
    /// For those who have set some, once at least.
    own: HashMap<Arc<str>, Arc<Prices>>,
}

impl TenantPrices {
    /// A table under the overrides that were set at run time and kept.
    pub(super) fn kept(connection: &Connection, table: &RateTable) -> Result<Self> {
        let everyone = Prices::new(table.clone(), revision(connection, EVERYONE)?);
        let mut prices = Self {
            everyone: Arc::new(everyone),
            own: HashMap::new(),
        };
        let mut kept = connection.prepare_cached(
            "SELECT name, value FROM meta WHERE name = ?1 OR name LIKE ?1 || '/%'",
        )?;
        let kept: Vec<(String, String)> = collect(&mut kept, params![OVERRIDES], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        for (name, text) in kept {
            let tenant = name.strip_prefix(OVERRIDES).unwrap_or_default();
            let tenant = tenant.strip_prefix('/').unwrap_or(DEFAULT_TENANT);
            let overrides = Overrides::from_toml("kept overrides", &text)
                .map_err(|error| damaged("the overrides", &error.to_string()))?;
            let own = Prices::new(table.with_rpc(overrides), revision(connection, tenant)?);
            prices.own.insert(Arc::from(tenant), Arc::new(own));
        }
        Ok(prices)
    }

    /// The prices for a tenant.
    pub(super) fn of(&self, tenant: &str) -> &Arc<Prices> {
        self.own.get(tenant).unwrap_or(&self.everyone)
    }

    /// All prices that differ by more than their date.
    pub(super) fn all(&self) -> impl Iterator<Item = &Prices> {
        std::iter::once(&self.everyone)
            .chain(self.own.values())
            .map(|prices| &**prices)
    }

    /// The same with other prices for one tenant.
    pub(super) fn with(&self, tenant: &Arc<str>, prices: Prices) -> Self {
        let mut changed = self.clone();
        changed.own.insert(Arc::clone(tenant), Arc::new(prices));
        changed
    }

    /// The same overrides over another table, each a revision further; `None` if that changes nothing.
    pub(super) fn over(&self, table: &RateTable) -> Option<Self> {
        let over = |prices: &Prices| {
            let overrides = prices.table.overrides(Layer::Rpc).cloned();
            let table = table.with_rpc(overrides.unwrap_or_default());
            Arc::new(Prices::new(table, prices.revision + 1))
        };
        let everyone = over(&self.everyone);
        if everyone.table == self.everyone.table {
            return None;
        }
        let own = self.own.iter();
        Some(Self {
            everyone,
            own: own
                .map(|(tenant, prices)| (Arc::clone(tenant), over(prices)))
                .collect(),
        })
    }

    /// Writes what the next start needs. To be called inside a transaction.
    pub(super) fn keep(&self, connection: &Connection) -> Result<()> {
        let mut keep = connection
            .prepare_cached("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)")?;
        keep.execute(params![key(REVISION, EVERYONE), self.everyone.revision])?;
        for (tenant, prices) in &self.own {
            let overrides = prices.table.overrides(Layer::Rpc);
            let text = overrides.map(Overrides::to_toml).unwrap_or_default();
            keep.execute(params![key(OVERRIDES, tenant), text])?;
            keep.execute(params![key(REVISION, tenant), prices.revision])?;
        }
        Ok(())
    }
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
