//! The prices of each tenant: one book, and everybody's own overrides over it.

use std::collections::HashMap;
use std::sync::Arc;

use reelmeter_rating::{Layer, Overrides, RateTable};

use super::summary::Prices;

/// In place of a tenant's name: all of them. No tenant has this name.
pub const EVERYONE: &str = "*";

/// The prices in force.
#[derive(Clone, Debug)]
pub struct TenantPrices {
    /// For tenants without overrides.
    everyone: Arc<Prices>,
    /// For those who have set some, once at least.
    own: HashMap<Arc<str>, Arc<Prices>>,
}

impl TenantPrices {
    /// The prices of a table under the overrides that tenants have set, each with its revision.
    #[must_use]
    pub fn new(
        table: &RateTable,
        revision: i64,
        own: impl IntoIterator<Item = (Arc<str>, Overrides, i64)>,
    ) -> Self {
        let own = own.into_iter().map(|(tenant, overrides, revision)| {
            let prices = Prices::new(table.with_rpc(overrides), revision);
            (tenant, Arc::new(prices))
        });
        Self {
            everyone: Arc::new(Prices::new(table.clone(), revision)),
            own: own.collect(),
        }
    }

    /// The prices for a tenant.
    #[must_use]
    pub fn of(&self, tenant: &str) -> &Arc<Prices> {
        self.own.get(tenant).unwrap_or(&self.everyone)
    }

    /// The prices for tenants without overrides.
    #[must_use]
    pub fn everyone(&self) -> &Prices {
        &self.everyone
    }

    /// The prices of those who have set overrides, once at least.
    pub fn own(&self) -> impl Iterator<Item = (&Arc<str>, &Prices)> {
        self.own.iter().map(|(tenant, prices)| (tenant, &**prices))
    }

    /// All prices that differ by more than their date.
    pub fn all(&self) -> impl Iterator<Item = &Prices> {
        std::iter::once(&self.everyone)
            .chain(self.own.values())
            .map(|prices| &**prices)
    }

    /// The same with other prices for one tenant.
    #[must_use]
    pub fn with(&self, tenant: &Arc<str>, prices: Prices) -> Self {
        let mut changed = self.clone();
        changed.own.insert(Arc::clone(tenant), Arc::new(prices));
        changed
    }

    /// The same overrides over another table, each a revision further; `None` if that changes nothing.
    #[must_use]
    pub fn over(&self, table: &RateTable) -> Option<Self> {
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
}
