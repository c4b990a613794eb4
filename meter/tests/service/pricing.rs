//! `PricingService`.

use reelmeter_proto::meter::v1 as pb;
use tonic::Code;
use tonic_types::StatusExt;

use crate::server::{Server, dollars, event, quantity, record, summary, total};

fn rate(metric: &str, amount: &str) -> pb::Rate {
    pb::Rate {
        service: "gemini".to_owned(),
        model: "gemini-2.5-flash".to_owned(),
        metric: metric.to_owned(),
        amount: Some(dollars(amount)),
        unit_size: 1_000_000,
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn quantities_are_priced_without_being_recorded() {
    let server = Server::start().await;
    let mut pricing = server.pricing().await;
    let call = |service: &str, model: &str, quantities: Vec<pb::Quantity>| pb::EstimatedCall {
        service: service.to_owned(),
        model: model.to_owned(),
        quantities,
        ..Default::default()
    };
    let mut no_basis = quantity("images", 5);
    no_basis.basis = 0;
    let request = pb::EstimateCostRequest {
        calls: vec![
            call(
                "gemini",
                "gemini-2.5-flash",
                vec![
                    quantity("input_tokens", 1_000_000),
                    quantity("output_tokens", 50_000),
                    no_basis,
                ],
            ),
            call("elevenlabs", "voice", vec![quantity("characters", 5_000)]),
        ],
    };
    let answer = pricing.estimate_cost(request).await.unwrap().into_inner();
    let costs: Vec<Option<&str>> = answer
        .lines
        .iter()
        .map(|line| line.cost.as_ref().map(|cost| cost.amount.as_str()))
        .collect();
    assert_eq!(costs, [Some("0.5"), Some("0.075"), Some("0.2"), None]);
    assert_eq!(answer.lines[2].basis(), pb::QuantityBasis::Estimated);
    assert_eq!(answer.total_cost.unwrap().amount, "0.775");
    let sessions = server
        .meter()
        .await
        .list_sessions(pb::ListSessionsRequest::default())
        .await
        .unwrap();
    assert!(sessions.into_inner().sessions.is_empty());
    let negative = pb::EstimateCostRequest {
        calls: vec![call("gemini", "m", vec![quantity("images", -1)])],
    };
    let error = pricing.estimate_cost(negative).await.unwrap_err();
    assert_eq!(
        error.get_details_bad_request().unwrap().field_violations[0].field,
        "calls[0].quantities[0].value"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn books_are_told_with_their_overrides_and_dates() {
    let server = Server::start_with(&["--meter-rates", "elevenlabs/*/characters=0.0001/1"]).await;
    let mut pricing = server.pricing().await;
    let books = pricing
        .list_price_books(pb::ListPriceBooksRequest {})
        .await
        .unwrap()
        .into_inner()
        .price_books;
    let names: Vec<(&str, i64)> = books
        .iter()
        .map(|book| (book.name.as_str(), book.override_count))
        .collect();
    assert_eq!(names, [("documented", 1), ("list", 0)]);
    let tomorrow = jiff::Timestamp::now().as_second() + 86_400;
    let mut later = rate("input_tokens", "9");
    later.start_time = Some(prost_types::Timestamp {
        seconds: tomorrow,
        nanos: 0,
    });
    let set = pricing
        .set_rates(pb::SetRatesRequest {
            rates: vec![later, rate("images", "7")],
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!((set.overrides.len(), set.price_revision), (2, 1));
    let mut book = async |name: &str, as_of: Option<i64>| {
        let as_of_time = as_of.map(|seconds| prost_types::Timestamp { seconds, nanos: 0 });
        let request = pb::GetPriceBookRequest {
            name: name.to_owned(),
            as_of_time,
        };
        pricing
            .get_price_book(request)
            .await
            .map(|answer| answer.into_inner().price_book.unwrap())
    };
    let origins = |book: &pb::PriceBook, origin| {
        book.rates
            .iter()
            .filter(|rate| rate.origin() == origin)
            .count()
    };
    let all = book("", None).await.unwrap();
    assert_eq!(
        [pb::RateOrigin::Rpc, pb::RateOrigin::Environment].map(|origin| origins(&all, origin)),
        [2, 1]
    );
    let today = book("", Some(tomorrow - 1)).await.unwrap();
    assert_eq!(
        origins(&today, pb::RateOrigin::Rpc),
        1,
        "what starts tomorrow does not apply today"
    );
    let list = book("list", None).await.unwrap();
    assert_eq!(origins(&list, pb::RateOrigin::PriceBook), list.rates.len());
    assert_eq!(
        book("free lunch", None).await.unwrap_err().code(),
        Code::NotFound
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rates_are_set_together_or_not_at_all() {
    let server = Server::start().await;
    let mut pricing = server.pricing().await;
    let mut set =
        async |rates: Vec<pb::Rate>| pricing.set_rates(pb::SetRatesRequest { rates }).await;
    let with = |change: fn(&mut pb::Rate)| {
        let mut rate = rate("images", "1");
        change(&mut rate);
        rate
    };
    for (bad, field) in [
        (with(|rate| rate.service.clear()), "rates[1].service"),
        (
            with(|rate| rate.metric = "in\u{0}put".to_owned()),
            "rates[1].metric",
        ),
        (with(|rate| rate.amount = None), "rates[1].amount"),
        (
            with(|rate| rate.amount = Some(dollars("-1"))),
            "rates[1].amount.amount",
        ),
        (
            with(|rate| rate.amount = Some(dollars("1e-3"))),
            "rates[1].amount.amount",
        ),
        (
            with(|rate| rate.amount.as_mut().unwrap().currency_code = "EUR".to_owned()),
            "rates[1].amount.currency_code",
        ),
        (with(|rate| rate.unit_size = 0), "rates[1].unit_size"),
        (with(|rate| rate.unit_size = 3), "rates[1]"),
        (with(|rate| rate.variant = 77), "rates[1].variant"),
        (
            with(|rate| rate.above_input_tokens = -1),
            "rates[1].above_input_tokens",
        ),
        (
            with(|rate| rate.source_date = "yesterday".to_owned()),
            "rates[1].source_date",
        ),
        (
            with(|rate| {
                rate.start_time = Some(prost_types::Timestamp {
                    seconds: i64::MAX,
                    nanos: 0,
                })
            }),
            "rates[1].start_time",
        ),
    ] {
        let error = set(vec![rate("input_tokens", "1"), bad]).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        assert_eq!(
            error.get_details_bad_request().unwrap().field_violations[0].field,
            field
        );
    }
    assert_eq!(
        set(Vec::new()).await.unwrap_err().code(),
        Code::InvalidArgument
    );
    let left = pricing
        .reset_rates(pb::ResetRatesRequest::default())
        .await
        .unwrap()
        .into_inner();
    assert_eq!((left.removed_count, left.price_revision), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_override_moves_the_running_total_and_its_watchers() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    record(&mut meter, vec![event("a", "s", "input_tokens", 1_000_000)]).await;
    let request = pb::WatchSummaryRequest {
        session_id: "s".to_owned(),
        ..Default::default()
    };
    let mut updates = meter.watch_summary(request).await.unwrap().into_inner();
    assert_eq!(
        total(
            updates
                .message()
                .await
                .unwrap()
                .unwrap()
                .summary
                .as_ref()
                .unwrap()
        ),
        "0.5"
    );
    let mut pricing = server.pricing().await;
    pricing
        .set_rates(pb::SetRatesRequest {
            rates: vec![rate("input_tokens", "0.30")],
        })
        .await
        .unwrap();
    let moved = updates.message().await.unwrap().unwrap().summary.unwrap();
    assert_eq!((total(&moved), moved.price_revision), ("0.3", 1));
    let line = &moved.by_model[0].metrics[0].lines[0];
    assert_eq!(line.rate.as_ref().unwrap().origin(), pb::RateOrigin::Rpc);
    assert_eq!(total(&summary(&mut meter, "s").await), "0.3");
    let reset = pricing
        .reset_rates(pb::ResetRatesRequest::default())
        .await
        .unwrap()
        .into_inner();
    assert_eq!((reset.removed_count, reset.price_revision), (1, 2));
    assert_eq!(total(&summary(&mut meter, "s").await), "0.5");
}
