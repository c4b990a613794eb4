//! The words of closed lists as the wire has them.

use reelmeter_proto::meter::v1 as wire;
use reelmeter_rating::price_book::Billing;
use reelmeter_rating::{Basis, Layer, Outcome, PricingState, Variant};

pub(super) fn layer(layer: Layer) -> wire::RateOrigin {
    match layer {
        Layer::Rpc => wire::RateOrigin::Rpc,
        Layer::Environment => wire::RateOrigin::Environment,
        Layer::File => wire::RateOrigin::File,
        Layer::Book => wire::RateOrigin::PriceBook,
    }
}

pub(super) fn outcome(outcome: Outcome) -> wire::CallOutcome {
    match outcome {
        Outcome::Succeeded => wire::CallOutcome::Succeeded,
        Outcome::Failed => wire::CallOutcome::Failed,
        Outcome::Discarded => wire::CallOutcome::Discarded,
        Outcome::Unconfirmed => wire::CallOutcome::Unconfirmed,
    }
}

pub(super) fn variant(variant: Variant) -> wire::RateVariant {
    match variant {
        Variant::Standard => wire::RateVariant::Standard,
        Variant::Batch => wire::RateVariant::Batch,
        Variant::Flex => wire::RateVariant::Flex,
        Variant::Priority => wire::RateVariant::Priority,
    }
}

pub(super) fn basis(basis: Basis) -> wire::QuantityBasis {
    match basis {
        Basis::Reported => wire::QuantityBasis::Reported,
        Basis::Counted => wire::QuantityBasis::Counted,
        Basis::Estimated => wire::QuantityBasis::Estimated,
    }
}

pub(super) fn pricing_state(state: PricingState) -> wire::PricingState {
    match state {
        PricingState::Rated => wire::PricingState::Rated,
        PricingState::Free => wire::PricingState::Free,
        PricingState::Subscription => wire::PricingState::Subscription,
        PricingState::Unpriced => wire::PricingState::Unpriced,
        PricingState::Included => wire::PricingState::Included,
    }
}

pub(super) fn billing(billing: Option<Billing>) -> wire::BillingMode {
    match billing {
        None => wire::BillingMode::Unspecified,
        Some(Billing::PayPerUse) => wire::BillingMode::PayPerUse,
        Some(Billing::Subscription) => wire::BillingMode::Subscription,
        Some(Billing::Free) => wire::BillingMode::Free,
    }
}
