//! Counters and times in Prometheus' text format.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::repository::Repository;

/// What tells requests apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    /// The route, names of models as placeholders.
    route: String,
    method: String,
    status: u16,
}

/// What tells predictions apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Prediction {
    model: String,
    method: String,
}

/// What tells models apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Model {
    model: String,
}

/// All that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    seconds: Family<Prediction, Histogram>,
    rows: Family<Prediction, Counter>,
    failures: Family<Prediction, Counter>,
    coalesced: Family<Model, Counter>,
    in_flight: Gauge,
    duration: Histogram,
}

/// From 10 µs to 10 s.
const BOUNDS: [f64; 13] = [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0, 10.0];

impl Metrics {
    pub(crate) fn new(repository: &Repository) -> Self {
        let mut registry = Registry::with_prefix("skiff");
        let times: fn() -> Histogram = || Histogram::new(BOUNDS);
        let metrics = Self {
            requests: Family::default(),
            seconds: Family::new_with_constructor(times),
            rows: Family::default(),
            failures: Family::default(),
            coalesced: Family::default(),
            in_flight: Gauge::default(),
            duration: times(),
            registry: Registry::default(),
        };
        registry.register("http_requests", "Requests by route, method and status", metrics.requests.clone());
        registry.register("http_requests_in_flight", "Requests being answered", metrics.in_flight.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time from the head of a request to its reply",
            Unit::Seconds,
            metrics.duration.clone(),
        );
        registry.register_with_unit(
            "prediction_duration",
            "Time that a model's method computed for a request",
            Unit::Seconds,
            metrics.seconds.clone(),
        );
        registry.register("predicted_rows", "Rows that were computed", metrics.rows.clone());
        registry.register("failed_predictions", "Requests that a model refused", metrics.failures.clone());
        registry.register(
            "coalesced_requests",
            "Requests that were computed together with others",
            metrics.coalesced.clone(),
        );
        registry.register("model_reloads", "Models loaded anew", repository.reloads.clone());
        registry.register(
            "failed_model_reloads",
            "Changed files that could not be loaded",
            repository.failed_reloads.clone(),
        );
        Self { registry, ..metrics }
    }

    /// Counts a request as in flight until the guard is dropped.
    pub(crate) fn request_begins(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    pub(crate) fn request_ends(&self, route: &str, method: &str, status: u16, seconds: f64) {
        let request = Request { route: route.to_owned(), method: method.to_owned(), status };
        self.requests.get_or_create(&request).inc();
        self.duration.observe(seconds);
    }

    pub(crate) fn predicted(&self, model: &str, method: &str, rows: usize, seconds: f64) {
        let prediction = Prediction { model: model.to_owned(), method: method.to_owned() };
        self.seconds.get_or_create(&prediction).observe(seconds);
        self.rows.get_or_create(&prediction).inc_by(u64::try_from(rows).unwrap_or(u64::MAX));
    }

    pub(crate) fn coalesced(&self, model: &str, requests: usize) {
        let model = Model { model: model.to_owned() };
        self.coalesced.get_or_create(&model).inc_by(u64::try_from(requests).unwrap_or(u64::MAX));
    }

    pub(crate) fn failed(&self, model: &str, method: &str) {
        let prediction = Prediction { model: model.to_owned(), method: method.to_owned() };
        self.failures.get_or_create(&prediction).inc();
    }

    /// In Prometheus' text format.
    pub(crate) fn text(&self) -> Option<String> {
        let mut text = String::new();
        encode(&mut text, &self.registry).ok()?;
        Some(text)
    }
}

/// A request in flight.
#[derive(Debug)]
pub(crate) struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}
