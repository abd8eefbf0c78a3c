//! The control plane: machines are made, kept and deleted there.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::settings::Settings;
use crate::http::{Client, Error, Limits, Method, Payload, Policy, Redactor, Request, Secret};

/// How long a machine lives on when nobody asks to keep it: what is left of a
/// host that was killed.
pub(super) const LEASE: Duration = Duration::from_secs(90);

/// The control plane, spoken to with the key.
#[derive(Clone, Debug)]
pub(super) struct Service {
    client: Client,
    settings: Settings,
    headers: [(&'static str, Secret); 1],
}

/// What the control plane says of a machine that it made.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Made {
    #[serde(rename = "sandboxID")]
    pub(super) id: String,
    #[serde(default)]
    pub(super) domain: Option<String>,
    #[serde(default)]
    pub(super) envd_access_token: Option<String>,
    #[serde(default)]
    pub(super) traffic_access_token: Option<String>,
}

/// What an answer of the control plane may measure.
const ANSWER: usize = 1 << 20;

fn limits() -> Limits {
    Limits {
        first_byte: Duration::from_mins(1),
        idle: Duration::from_secs(30),
        bytes: ANSWER,
        ..Limits::default()
    }
}

/// A few patient tries: making a machine may have to wait for a place.
fn policy() -> Policy {
    Policy {
        tries: 4,
        longest_wait: Duration::from_secs(10),
        longest_asked: Duration::from_mins(1),
        ..Policy::default()
    }
}

impl Service {
    pub(super) fn new(settings: &Settings) -> Result<Self, Error> {
        settings.check().map_err(Error::Unusable)?;
        let redactor = Redactor::new([settings.key.clone()]);
        Ok(Self {
            client: Client::new(&settings.api_url, limits(), policy(), redactor)?,
            settings: settings.clone(),
            headers: [("x-api-key", settings.key.clone())],
        })
    }

    /// The same, with connections of its own.
    pub(super) fn afresh(&self) -> Result<Self, Error> {
        Self::new(&self.settings)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.settings.api_url.trim_end_matches('/'))
    }

    /// Asks for something that costs nothing, to see whether the key is good.
    pub(super) async fn greet(&self) -> Result<(), Error> {
        let url = self.url("/v2/sandboxes?limit=1");
        let request = Request {
            method: Method::Get,
            url: &url,
            headers: &self.headers,
            payload: Payload::Nothing,
        };
        self.client.ask(request).await?.json().await.map(|_| ())
    }

    /// Makes a machine without a network, which lives for the lease. The same
    /// request sent again makes no second one.
    pub(super) async fn make(&self) -> Result<Made, Error> {
        let once: String = (0..32).map(|_| fastrand::digit(16)).collect();
        let mut headers = self.headers.to_vec();
        headers.push(("idempotency-key", Secret::new(once)));
        let body = json!({
            "templateID": self.settings.template,
            "timeout": LEASE.as_secs(),
            "autoPause": false,
            "allow_internet_access": false,
            "network": { "allowPublicTraffic": false },
            "metadata": { "client": "happy" },
        });
        let url = self.url("/v2/sandboxes");
        let mut retrier = self.client.retrier();
        loop {
            let request = Request {
                method: Method::Post,
                url: &url,
                headers: &headers,
                payload: Payload::Json(&body),
            };
            let answer = match self.client.ask(request).await {
                Ok(body) => body.json().await,
                Err(error) => Err(error),
            };
            match answer {
                Ok(value) => {
                    return serde_json::from_value(value).map_err(|_| Error::Malformed {
                        endpoint: self.client.endpoint().to_owned(),
                        message: "it made a machine and did not say which".to_owned(),
                    });
                }
                Err(error) => retrier.wait(self.client.clean(error)).await?,
            }
        }
    }

    /// Where the agent of a machine is.
    pub(super) fn machine_url(&self, made: &Made) -> Result<String, String> {
        self.settings.machine(&made.id, made.domain.as_deref())
    }

    /// Keeps a machine for another lease.
    pub(super) async fn keep(&self, id: &str) -> Result<(), Error> {
        let url = self.url(&format!("/sandboxes/{id}/timeout"));
        let body = json!({ "timeout": LEASE.as_secs() });
        let request = Request {
            method: Method::Post,
            url: &url,
            headers: &self.headers,
            payload: Payload::Json(&body),
        };
        self.client.ask(request).await.map(|_| ())
    }

    /// Deletes a machine. One that is gone is deleted.
    pub(super) async fn delete(&self, id: &str) -> Result<(), Error> {
        let url = self.url(&format!("/sandboxes/{id}"));
        let mut retrier = self.client.retrier();
        loop {
            let request = Request {
                method: Method::Delete,
                url: &url,
                headers: &self.headers,
                payload: Payload::Nothing,
            };
            match self.client.ask(request).await {
                Ok(_) | Err(Error::Status { status: 404, .. }) => return Ok(()),
                Err(error) => retrier.wait(error).await?,
            }
        }
    }
}
