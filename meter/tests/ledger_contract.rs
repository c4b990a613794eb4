//! Protects what a store promises (`application/ports.rs`), on every store: the same suite runs on each.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod contract;
mod support;

macro_rules! suite {
    ($($part:ident { $($promise:ident,)+ })+) => {
        suite! { @ sqlite Sqlite: $($part { $($promise,)+ })+ }
        suite! { @ postgres Postgres: $($part { $($promise,)+ })+ }
    };
    (@ $name:ident $store:ident: $($part:ident { $($promise:ident,)+ })+) => {
        mod $name {
            $(mod $part {
                $(#[test]
                fn $promise() {
                    crate::contract::$part::$promise::<crate::support::$store>();
                })+
            })+
        }
    };
}

suite! {
    recording {
        an_event_counts_once_however_often_it_is_sent,
        another_content_under_the_same_id_is_a_conflict_and_the_first_stays,
        content_is_what_was_sent_before_any_default,
        one_bad_event_does_not_hold_up_the_others,
        simulated_and_real_calls_never_share_a_session,
        quantities_that_no_summary_could_hold_are_refused,
        an_unconfirmed_call_is_counted_on_its_own_and_never_priced,
        a_failed_call_costs_and_says_so,
        a_clock_that_is_ahead_is_not_believed,
        a_revision_is_one_transaction,
        the_newest_display_name_wins,
        billed_figures_are_added_up_beside_ours,
        tenants_are_strangers,
        the_example_of_the_documents_comes_out_exactly,
        a_quantity_that_costs_more_than_can_be_written_is_refused,
    }
    corrections {
        a_correction_counts_instead_of_what_it_replaces,
        a_chain_of_corrections_counts_once,
        a_correction_in_the_same_batch_works,
        what_cannot_be_corrected_is_refused,
        the_newest_time_follows_the_events_that_count,
    }
    sessions {
        starting_twice_gives_the_same_session,
        an_ended_session_keeps_its_prices,
        late_events_count_at_the_frozen_prices,
        a_reset_counts_from_zero_and_forgets_no_id,
        a_correction_of_what_was_before_a_reset_takes_nothing_from_after_it,
        an_ended_session_is_not_reset,
        backlogs_are_shown_until_they_are_gone,
        a_recorder_that_holds_something_is_not_pushed_out,
        a_quota_keeps_its_first_figure,
        idle_sessions_end_unless_somebody_watches,
        what_is_not_there_is_named,
    }
    prices {
        an_override_prices_running_sessions_at_once_and_ended_ones_never,
        a_dated_override_counts_from_its_date,
        an_override_dated_into_the_past_sorts_events_again,
        an_override_dated_before_all_events_prices_them,
        overrides_survive_a_start,
        another_book_at_the_next_start_prices_running_sessions_only,
        taking_overrides_back_restores_the_book,
        an_override_is_the_tenants_own,
        every_change_of_prices_budget_or_count_leaves_an_entry,
    }
    budgets {
        a_reservation_holds_and_events_draw_on_it,
        less_than_asked_is_refused_with_what_remains,
        two_reservations_cannot_break_a_cap_together,
        expiry_holds_and_release_frees,
        a_cap_in_a_metric_counts_that_metric,
        a_reset_leaves_the_budget_untouched,
        what_is_spent_follows_the_prices,
        a_budget_is_kept_apart_from_other_units,
    }
    listings {
        sessions_come_newest_first_page_by_page,
        sessions_are_found_by_state_label_and_time,
        events_come_in_order_page_by_page_and_whole,
        events_are_found_by_what_they_are,
    }
    reports {
        a_receipt_has_a_line_for_each_attempt,
        a_what_if_report_changes_nothing_and_sorts_by_its_own_dates,
        a_time_is_answered_by_day_service_model_session_and_label,
        usage_in_detail_adds_up_to_the_usage,
    }
    properties {
        any_order_duplication_and_batching_gives_the_same_summary,
    }
    starts {
        a_crash_loses_nothing_that_was_answered,
        many_folds_and_starts_give_the_same_totals,
    }
}

// A store that moves events out into files promises these too.
suite! { @ archiving Sqlite:
    retention {
        what_was_moved_out_still_counts_everywhere,
        a_file_holds_whole_events,
        only_what_is_old_enough_is_moved_out,
        what_was_moved_out_cannot_be_corrected,
        an_interruption_at_any_step_loses_and_doubles_nothing,
        a_correction_that_comes_while_a_file_is_written_is_in_it,
        dates_within_what_was_moved_out_are_refused,
        a_time_is_answered_by_whole_days,
    }
}
