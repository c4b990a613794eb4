//! The subscription and the user.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::application::{Answer, World};

/// A period of the subscription in seconds: thirty days.
const PERIOD_SECONDS: u64 = 30 * 24 * 60 * 60;

/// The subscription as it stands.
pub(super) fn subscription(world: &World) -> Answer {
    Answer::json(200, &subscription_body(world))
}

fn subscription_body(world: &World) -> Value {
    let account = world.account();
    json!({
        "tier": "creator",
        "character_count": account.used,
        "character_limit": account.limit,
        "max_character_limit_extension": null,
        "max_credit_limit_extension": 0,
        "can_extend_character_limit": false,
        "allowed_to_extend_character_limit": false,
        "next_character_count_reset_unix": next_reset(),
        "voice_slots_used": 1,
        "professional_voice_slots_used": 0,
        "professional_voice_slots_used_in_workspace": 0,
        "voice_limit": 30,
        "max_voice_add_edits": 230,
        "voice_add_edit_counter": 0,
        "professional_voice_limit": 1,
        "can_extend_voice_limit": false,
        "can_use_instant_voice_cloning": true,
        "can_use_professional_voice_cloning": false,
        "currency": "usd",
        "current_overage": {"amount": "0", "currency": "usd"},
        "status": "active",
        "billing_period": "monthly_period",
        "character_refresh_period": "monthly_period",
        "next_invoice": null,
        "open_invoices": [],
        "has_open_invoices": false,
        "pending_change": null,
    })
}

/// The user with the subscription inside.
pub(super) fn user(world: &World) -> Answer {
    let body = json!({
        "user_id": "simulated-user",
        "workspace_id": "simulated-workspace",
        "subscription": subscription_body(world),
        "is_new_user": false,
        "xi_api_key": null,
        "can_use_delayed_payment_methods": false,
        "is_onboarding_completed": true,
        "is_onboarding_checklist_completed": true,
        "show_compliance_terms": false,
        "first_name": "Simulated",
        "is_api_key_hashed": false,
        "xi_api_key_preview": null,
        "referral_link_code": null,
        "partnerstack_partner_default_link": null,
        "created_at": 1_735_689_600,
        "seat_type": "workspace_admin",
    });
    Answer::json(200, &body)
}

/// When the credits are renewed: the next whole period since 1970.
fn next_reset() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    (now / PERIOD_SECONDS + 1) * PERIOD_SECONDS
}
