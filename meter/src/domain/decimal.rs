//! Exact decimals that are not money: a provider's credits.

use reelmeter_rating::Money;

/// An exact decimal number with up to 24 places. The arithmetic of [`Money`], without its meaning: adding must be as
/// exact here as there.
pub type Decimal = Money;
