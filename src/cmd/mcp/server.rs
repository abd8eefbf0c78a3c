//! The protocol's side: lists tools, calls them, tells progress, hears of
//! cancellation.

use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, CustomRequest, CustomResult,
    ErrorData, Implementation, JsonObject, ListToolsResult, PaginatedRequestParams,
    ProgressNotificationParam, ServerCapabilities, ServerConfig, Tool as Described,
};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};

use super::ask::{Answer, Question, ask, digest};
use super::gate::{MAX_MESSAGE, TOO_LONG};
use super::page::Cursor;
use super::schema::{DEFAULT_TOKENS, MAX_TOKENS, MIN_TOKENS};
use super::tools::{TOOLS, Tool};
use super::watch::Watch;
use crate::cmd::context::GlobalArgs;

/// Questions that are answered at the same time; others wait.
const AT_ONCE: usize = 4;

/// Serves one client.
pub struct Server {
    globals: GlobalArgs,
    /// Tools beside those that only read.
    allowed: Vec<&'static str>,
    turns: Semaphore,
}

impl Server {
    /// With the options that the verb was started with.
    pub fn new(globals: GlobalArgs, allowed: Vec<&'static str>) -> Self {
        Self {
            globals,
            allowed,
            turns: Semaphore::new(AT_ONCE),
        }
    }

    fn tools(&self) -> impl Iterator<Item = &'static Tool> {
        TOOLS
            .iter()
            .filter(|tool| tool.reads || self.allowed.contains(&tool.name))
    }

    fn question(&self, name: &str, arguments: &JsonObject) -> Result<Question, String> {
        let tool = Tool::named(name).ok_or_else(|| {
            let names: Vec<&str> = self.tools().map(|tool| tool.name).collect();
            format!("no tool `{name}`; there are {}", names.join(", "))
        })?;
        if !tool.reads && !self.allowed.contains(&tool.name) {
            return Err(format!(
                "`{name}` is not allowed here; the server has to be started with `--allow {name}`"
            ));
        }
        let call = tool.call(arguments)?;
        let tokens = match arguments.get("max_tokens") {
            None | Some(Value::Null) => DEFAULT_TOKENS,
            Some(value) => value
                .as_u64()
                .ok_or("`max_tokens` is a whole number")?
                .clamp(MIN_TOKENS, MAX_TOKENS),
        };
        let mut asked = call.input.clone();
        for part in &call.argv {
            asked.push(0);
            asked.extend_from_slice(part.as_encoded_bytes());
        }
        let digest = digest(&asked);
        let cursor = match arguments.get("cursor") {
            None | Some(Value::Null) => None,
            Some(value) => {
                let cursor = value.as_str().and_then(Cursor::decode);
                let cursor = cursor.filter(|cursor| cursor.question == digest);
                Some(cursor.ok_or(
                    "`cursor` is of another question; pass `next_cursor` with the same parameters",
                )?)
            }
        };
        Ok(Question {
            tool,
            call,
            tokens: tokens as usize,
            cursor,
            digest,
        })
    }

    async fn answer(
        &self,
        question: Question,
        context: &RequestContext<RoleServer>,
    ) -> Result<Answer, ErrorData> {
        let (send, mut steps) = mpsc::unbounded_channel();
        let watch = Arc::new(Watch::new(send));
        let Ok(_turn) = self.turns.acquire().await else {
            return Err(ErrorData::internal_error("the server is closing", None));
        };
        let globals = self.globals.clone();
        let mut work = {
            let watch = Arc::clone(&watch);
            tokio::task::spawn_blocking(move || ask(&globals, question, &watch))
        };
        let token = context.meta.get_progress_token();
        let mut told = None;
        loop {
            tokio::select! {
                // Nothing a verb does should end the server.
                done = &mut work => return done.map_err(|error| {
                    ErrorData::internal_error(format!("the answer failed: {error}"), None)
                }),
                () = context.ct.cancelled(), if !watch.is_stopped() => watch.stop(),
                Some(step) = steps.recv() => {
                    let Some(token) = token.clone() else { continue };
                    if watch.is_stopped() || told.is_some_and(|told| step.done <= told) {
                        continue;
                    }
                    told = Some(step.done);
                    let progress = ProgressNotificationParam::new(token, step.done as f64)
                        .with_total(step.total as f64)
                        .with_message(step.stage);
                    // A client that does not listen misses it.
                    let _ = context.peer.notify_progress(progress).await;
                }
            }
        }
    }
}

/// An error that the model reads.
fn failure(message: &str) -> CallToolResult {
    CallToolResult::structured_error(json!({
        "records": [],
        "confidence": "none",
        "freshness": { "revision": "none", "built": false, "milliseconds": 0 },
        "error": { "code": "usage", "message": message, "retryable": false },
    }))
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let about = Implementation::new("happy", env!("CARGO_PKG_VERSION"))
            .with_title("happy: answers about this Git repository");
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(about)
            .with_instructions(include_str!("instructions.md"))
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(
            self.tools().map(Tool::describe).collect(),
        ))
    }

    fn get_tool(&self, name: &str) -> Option<Described> {
        self.tools()
            .find(|tool| tool.name == name)
            .map(Tool::describe)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        let question = match self.question(&request.name, &arguments) {
            Ok(question) => question,
            Err(message) => return Ok(failure(&message).into()),
        };
        let answer = self.answer(question, &context).await?;
        let result = if answer.failed {
            CallToolResult::structured_error(answer.value)
        } else {
            CallToolResult::structured(answer.value)
        };
        Ok(result.into())
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        if request.method == TOO_LONG {
            let bytes = request.params.and_then(|params| params["bytes"].as_u64());
            let bytes = bytes.unwrap_or_default();
            return Err(ErrorData::invalid_request(
                format!("the request has {bytes} bytes; at most {MAX_MESSAGE} are read"),
                None,
            ));
        }
        Err(ErrorData::new(
            rmcp::model::ErrorCode::METHOD_NOT_FOUND,
            request.method,
            None,
        ))
    }
}
