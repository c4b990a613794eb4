//! Sessions and videos as the services would tell of them, built from their quantities and rates.

use jiff::Timestamp;
use prost_types::Timestamp as WireTime;
use reelmeter_client::facts;
use reelmeter_proto::generator::v1 as g;
use reelmeter_proto::meter::v1 as m;
use reelmeter_rating::Money;

/// 2026-11-23 14:03:00 UTC, the beginning of every scene.
pub const START: i64 = 1_795_442_580;

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(START + seconds).unwrap()
}

pub fn wire(seconds: i64) -> Option<WireTime> {
    Some(facts::to_wire(at(seconds)))
}

pub fn money(amount: Money) -> m::Money {
    m::Money {
        currency_code: "USD".to_owned(),
        amount: amount.to_string(),
    }
}

/// A cost line: a metric's quantity at so many dollars for a million.
pub fn rated(metric: &str, quantity: i64, dollars: &str, unit_size: i64) -> m::CostLine {
    let amount: Money = dollars.parse().unwrap();
    let cost = amount
        .checked_mul(quantity.into())
        .unwrap()
        .checked_div_exact(unit_size.into())
        .unwrap();
    m::CostLine {
        metric: metric.to_owned(),
        quantity,
        basis: m::QuantityBasis::Reported.into(),
        state: m::PricingState::Rated.into(),
        cost: Some(money(cost)),
        rate: Some(m::Rate {
            metric: metric.to_owned(),
            amount: Some(money(amount)),
            unit_size,
            source: "D0, the usage-monitoring guide".to_owned(),
            source_date: "2026-01-05".to_owned(),
            origin: m::RateOrigin::PriceBook.into(),
            ..Default::default()
        }),
        price_book: "documented".to_owned(),
        ..Default::default()
    }
}

/// A quantity that has no cost of its own, for that reason.
pub fn uncosted(metric: &str, quantity: i64, state: m::PricingState) -> m::CostLine {
    m::CostLine {
        metric: metric.to_owned(),
        quantity,
        basis: m::QuantityBasis::Counted.into(),
        state: state.into(),
        cost: (state == m::PricingState::Free).then(|| money(Money::ZERO)),
        price_book: "documented".to_owned(),
        ..Default::default()
    }
}

/// A model's part of a summary, from its lines.
pub fn model(
    service: &str,
    name: &str,
    display: &str,
    events: i64,
    lines: Vec<m::CostLine>,
) -> m::ModelSummary {
    let mut part = m::ModelSummary {
        service: service.to_owned(),
        model: name.to_owned(),
        display_name: display.to_owned(),
        event_count: events,
        ..Default::default()
    };
    let mut tokens = m::TokenTotals::default();
    for mut line in lines {
        line.service = service.to_owned();
        line.model = name.to_owned();
        if line.rate_model.is_empty() {
            line.rate_model = name.to_owned();
        }
        if let Some(rate) = &mut line.rate {
            rate.service = service.to_owned();
            rate.model = line.rate_model.clone();
        }
        count(&mut tokens, &line.metric, line.quantity);
        part.cost = add(part.cost.take(), line.cost.as_ref());
        let estimated = if line.basis() == m::QuantityBasis::Estimated {
            line.quantity
        } else {
            0
        };
        let metric = match part
            .metrics
            .iter_mut()
            .find(|known| known.metric == line.metric && known.state == line.state)
        {
            Some(metric) => metric,
            None => {
                part.metrics.push(m::MetricSummary {
                    metric: line.metric.clone(),
                    state: line.state,
                    ..Default::default()
                });
                part.metrics.last_mut().unwrap()
            }
        };
        metric.quantity += line.quantity;
        metric.estimated_quantity += estimated;
        metric.cost = add(metric.cost.take(), line.cost.as_ref());
        metric.lines.push(line);
    }
    tokens.total_token_count = tokens.input_token_count + tokens.output_token_count;
    part.tokens = Some(tokens);
    part
}

fn count(tokens: &mut m::TokenTotals, metric: &str, quantity: i64) {
    if metric.ends_with("input_tokens") {
        tokens.input_token_count += quantity;
    } else if metric.ends_with("_tokens") {
        tokens.output_token_count += quantity;
    }
}

fn add(sum: Option<m::Money>, more: Option<&m::Money>) -> Option<m::Money> {
    let parse = |money: &m::Money| money.amount.parse::<Money>().unwrap();
    match (sum, more) {
        (sum, None) => sum,
        (None, Some(more)) => Some(more.clone()),
        (Some(sum), Some(more)) => Some(money(parse(&sum).checked_add(parse(more)).unwrap())),
    }
}

/// A summary from its models: services, totals and what is unpriced follow.
pub fn summary(session_id: &str, title: &str, models: Vec<m::ModelSummary>) -> m::Summary {
    let mut sum = m::Summary {
        session: Some(m::Session {
            session_id: session_id.to_owned(),
            title: title.to_owned(),
            state: m::SessionState::Active.into(),
            start_time: wire(0),
            ..Default::default()
        }),
        price_book: Some(m::PriceBookReference {
            name: "documented".to_owned(),
            as_of_date: "2026-11-20".to_owned(),
            age_days: 3,
            ..Default::default()
        }),
        last_event_time: wire(40),
        ..Default::default()
    };
    let mut total = None;
    let mut tokens = m::TokenTotals::default();
    for part in &models {
        let position = sum
            .by_service
            .iter()
            .position(|known| known.service == part.service);
        let place = position.unwrap_or_else(|| {
            sum.by_service.push(m::ServiceSummary {
                service: part.service.clone(),
                ..Default::default()
            });
            sum.by_service.len() - 1
        });
        let service = &mut sum.by_service[place];
        service.event_count += part.event_count;
        service.cost = add(service.cost.take(), part.cost.as_ref());
        service.tokens = part.tokens;
        for metric in &part.metrics {
            let metric = m::MetricSummary {
                lines: Vec::new(),
                ..metric.clone()
            };
            match service
                .metrics
                .iter_mut()
                .find(|known| known.metric == metric.metric && known.state == metric.state)
            {
                Some(known) => {
                    known.quantity += metric.quantity;
                    known.estimated_quantity += metric.estimated_quantity;
                    known.cost = add(known.cost.take(), metric.cost.as_ref());
                }
                None => service.metrics.push(metric),
            }
        }
        for metric in part
            .metrics
            .iter()
            .filter(|metric| metric.state() == m::PricingState::Unpriced)
        {
            sum.unpriced.push(m::UnpricedQuantity {
                service: part.service.clone(),
                rate_model: part.model.clone(),
                metric: metric.metric.clone(),
                quantity: metric.quantity,
                reason: "book \"documented\" has no rate; set one with `client prices set`"
                    .to_owned(),
            });
        }
        total = add(total, part.cost.as_ref());
        let of = part.tokens.unwrap();
        tokens.input_token_count += of.input_token_count;
        tokens.output_token_count += of.output_token_count;
        tokens.total_token_count += of.total_token_count;
        sum.event_count += part.event_count;
    }
    sum.total_cost = Some(total.unwrap_or_else(|| money(Money::ZERO)));
    sum.tokens = Some(tokens);
    sum.by_model = models;
    sum.revision = sum.event_count + 1;
    sum.session.as_mut().unwrap().revision = sum.revision;
    sum
}

/// The example of the documents: $0.775, and 5,000 characters without dollars.
pub fn documented() -> m::Summary {
    let mut sum = summary(
        "0197a0f2-1111-7000-8000-000000000001",
        "nightly digest",
        vec![
            model(
                "gemini",
                "gemini-2.5-flash",
                "",
                12,
                vec![
                    rated("input_tokens", 1_000_000, "0.50", 1_000_000),
                    rated("output_tokens", 50_000, "1.50", 1_000_000),
                    rated("images", 5, "0.04", 1),
                ],
            ),
            model(
                "elevenlabs",
                "21m00Tcm4TlvDq8ikWAM",
                "Rachel",
                3,
                vec![uncosted("characters", 5_000, m::PricingState::Subscription)],
            ),
        ],
    );
    sum.by_service[1].billing_mode = m::BillingMode::Subscription.into();
    sum.quotas = vec![quota()];
    sum
}

pub fn quota() -> m::Quota {
    m::Quota {
        service: "elevenlabs".to_owned(),
        metric: "characters".to_owned(),
        used_count: 12_400,
        limit_count: 100_000,
        renew_time: wire(8 * 86_400),
        observe_time: wire(0),
        first_used_count: 11_166,
        tier: "creator".to_owned(),
    }
}

/// A narrated video's figures while it is being made: one image model, one unpriced one, a voice, an estimate.
pub fn narrated() -> m::Summary {
    let mut thinking = rated("thinking_tokens", 1_000, "2.50", 1_000_000);
    thinking.rated_as = "output_tokens".to_owned();
    let mut estimated = rated("input_tokens", 345, "0.50", 1_000_000);
    estimated.basis = m::QuantityBasis::Estimated.into();
    let mut voice = uncosted("characters", 1_234, m::PricingState::Subscription);
    voice.rate_model = "eleven_multilingual_v2".to_owned();
    voice.provider_billed = vec![m::ProviderBilled {
        value: "1300".to_owned(),
        unit: "credits".to_owned(),
        expected_value: "1234".to_owned(),
    }];
    voice.provider_billed_differs = true;
    let mut sum = summary(
        "0197a0f2-2222-7000-8000-000000000002",
        "Why do volcanoes erupt?",
        vec![
            model(
                "gemini",
                "gemini-2.5-flash-image",
                "",
                4,
                vec![
                    rated("input_tokens", 1_200, "0.30", 1_000_000),
                    rated("images", 4, "0.04", 1),
                ],
            ),
            model(
                "gemini",
                "gemini-2.5-flash",
                "",
                6,
                vec![
                    rated("input_tokens", 12_000, "0.50", 1_000_000),
                    estimated,
                    rated("output_tokens", 4_321, "1.50", 1_000_000),
                    thinking,
                ],
            ),
            model(
                "gemini",
                "gemini-9-flash-experimental-image-preview",
                "",
                2,
                vec![uncosted("images", 2, m::PricingState::Unpriced)],
            ),
            model(
                "elevenlabs",
                "21m00Tcm4TlvDq8ikWAM",
                "Rachel",
                3,
                vec![voice],
            ),
        ],
    );
    sum.quotas = vec![quota()];
    sum.estimated_cost = Some(money("0.0001725".parse().unwrap()));
    sum.unconfirmed_call_count = 1;
    sum.failed_call_count = 1;
    sum.failed_cost = Some(money("0.0007".parse().unwrap()));
    sum.simulated = true;
    sum.session.as_mut().unwrap().simulated = true;
    sum.by_stage = vec![
        m::StageSummary {
            stage: "script".to_owned(),
            cost: Some(money("0.0105".parse().unwrap())),
            event_count: 2,
            ..Default::default()
        },
        m::StageSummary {
            stage: "narration".to_owned(),
            cost: None,
            event_count: 3,
            ..Default::default()
        },
        m::StageSummary {
            stage: "image".to_owned(),
            cost: Some(money("0.16036".parse().unwrap())),
            event_count: 6,
            ..Default::default()
        },
    ];
    sum
}

fn stage(kind: g::StageKind, state: g::StageState, from: i64, to: Option<i64>) -> g::Stage {
    g::Stage {
        kind: kind.into(),
        state: state.into(),
        start_time: (from >= 0).then(|| wire(from)).flatten(),
        end_time: to.and_then(wire),
        ..Default::default()
    }
}

fn items(states: &[g::StageState]) -> Vec<g::StageItem> {
    states
        .iter()
        .zip(1..)
        .map(|(state, scene)| g::StageItem {
            scene,
            number: 1,
            state: (*state).into(),
            attempt: 1,
            ..Default::default()
        })
        .collect()
}

/// That video half way.
pub fn video() -> g::Video {
    use g::StageState::{Pending, Running, Succeeded, Waiting};
    let mut narration = stage(g::StageKind::Narration, Running, 9, None);
    narration.items = items(&[Succeeded, Succeeded, Running]);
    narration.items[0].kept = true;
    (
        narration.completed_item_count,
        narration.item_count,
        narration.progress_permille,
    ) = (2, 3, 666);
    let mut images = stage(g::StageKind::Image, Running, 9, None);
    images.items = items(&[Succeeded, Waiting, Pending]);
    images.items[1].attempt = 2;
    images.items[1].detail = "rate limited, again in 12 s".to_owned();
    (
        images.completed_item_count,
        images.item_count,
        images.progress_permille,
    ) = (1, 3, 333);
    let mut script = stage(g::StageKind::Script, Succeeded, 1, Some(8));
    script.detail = "3 scenes".to_owned();
    g::Video {
        video_id: "0197a0f2-3333-7000-8000-000000000003".to_owned(),
        session_id: "0197a0f2-2222-7000-8000-000000000002".to_owned(),
        spec: Some(g::VideoSpec {
            prompt: "Why do volcanoes erupt?".to_owned(),
            scene_count: 3,
            ..Default::default()
        }),
        state: g::VideoState::Running.into(),
        title: "Why Volcanoes Erupt".to_owned(),
        stages: vec![
            stage(g::StageKind::Preflight, Succeeded, 0, Some(1)),
            script,
            narration,
            images,
            stage(g::StageKind::Compile, Pending, -1, None),
        ],
        create_time: wire(0),
        start_time: wire(0),
        simulated: true,
        voice_name: "Rachel".to_owned(),
        call_count: 14,
        ..Default::default()
    }
}

/// That video finished.
pub fn finished_video() -> g::Video {
    let mut video = video();
    for stage in &mut video.stages {
        stage.state = g::StageState::Succeeded.into();
        stage.start_time = stage.start_time.or_else(|| wire(30));
        stage.end_time = stage.end_time.or_else(|| wire(44));
        stage.completed_item_count = stage.item_count;
        stage.progress_permille = 1000;
        for item in &mut stage.items {
            item.state = g::StageState::Succeeded.into();
            item.detail.clear();
        }
    }
    video.state = g::VideoState::Succeeded.into();
    video.end_time = wire(45);
    video.file_path = "videos/why-volcanoes-erupt.mp4".to_owned();
    video.subtitles_path = "videos/why-volcanoes-erupt.srt".to_owned();
    (
        video.duration_ms,
        video.size_bytes,
        video.width_px,
        video.height_px,
    ) = (31_400, 4_250_000, 1280, 720);
    video.cost_state = g::CostState::Settled.into();
    video
}

/// Its figures when they are final.
pub fn settled(mut sum: m::Summary) -> m::Summary {
    sum.ended = true;
    sum.settled = true;
    sum.revision += 1;
    let session = sum.session.as_mut().unwrap();
    session.state = m::SessionState::Ended.into();
    session.end_time = wire(45);
    session.revision = sum.revision;
    sum.price_book.as_mut().unwrap().frozen = true;
    sum
}

pub fn price_book() -> m::PriceBook {
    let rate = |service: &str,
                model: &str,
                metric: &str,
                amount: &str,
                unit_size,
                origin: m::RateOrigin| m::Rate {
        service: service.to_owned(),
        model: model.to_owned(),
        metric: metric.to_owned(),
        amount: Some(m::Money {
            currency_code: "USD".to_owned(),
            amount: amount.to_owned(),
        }),
        unit_size,
        origin: origin.into(),
        source: "D0".to_owned(),
        ..Default::default()
    };
    m::PriceBook {
        name: "documented".to_owned(),
        as_of_date: "2026-11-20".to_owned(),
        description: "The prices of the project's own documents.".to_owned(),
        rates: vec![
            rate(
                "gemini",
                "gemini-2.5-flash",
                "input_tokens",
                "0.5",
                1_000_000,
                m::RateOrigin::PriceBook,
            ),
            rate(
                "gemini",
                "gemini-2.5-flash",
                "output_tokens",
                "1.5",
                1_000_000,
                m::RateOrigin::Rpc,
            ),
            rate("gemini", "", "images", "0.04", 1, m::RateOrigin::PriceBook),
        ],
        services: vec![
            m::ServicePricing {
                service: "gemini".to_owned(),
                billing_mode: m::BillingMode::PayPerUse.into(),
                default_model: "gemini-2.5-flash".to_owned(),
            },
            m::ServicePricing {
                service: "elevenlabs".to_owned(),
                billing_mode: m::BillingMode::Subscription.into(),
                ..Default::default()
            },
        ],
        models: Vec::new(),
        price_revision: 1,
    }
}
