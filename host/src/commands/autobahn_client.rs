//! `autobahn-client`: the testee of Autobahn's fuzzing server, which echoes.

use indicatif::{ProgressBar, ProgressStyle};
use sandsock::client::{Connection, Connector, Event, Message, SendError};
use url::form_urlencoded::byte_serialize;

use super::advise;
use crate::cli::autobahn_client::AutobahnClient;

/// Runs the cases one after the other, then has the reports written.
pub(crate) async fn run(flags: &AutobahnClient) -> Result<(), String> {
    let connector = flags.connector().map_err(|error| error.to_string())?;
    let server = flags.url.trim_end_matches('/');
    let agent: String = byte_serialize(flags.agent.as_bytes()).collect();

    let count = case_count(&connector, server).await?;
    let cases = flags.cases.clone().unwrap_or(1..=count);
    if *cases.end() > count {
        return Err(format!("--cases: the server has {count} cases"));
    }
    let progress = ProgressBar::new(cases.clone().count() as u64);
    if let Ok(style) =
        ProgressStyle::with_template("{bar:40} {pos}/{len} cases, {elapsed}, {eta} to go")
    {
        progress.set_style(style);
    }
    for case in cases {
        let url = format!("{server}/runCase?case={case}&agent={agent}");
        let run = async { echo(open(&connector, &url).await?).await };
        run.await.map_err(|error| format!("case {case}: {error}"))?;
        progress.inc(1);
    }
    progress.finish();

    let mut connection = open(&connector, &format!("{server}/updateReports?agent={agent}")).await?;
    connection.closed().await.map_err(|error| error.to_string())?;
    Ok(())
}

async fn open(connector: &Connector, url: &str) -> Result<Connection, String> {
    connector.connect(url).await.map_err(|error| advise(&error))
}

async fn case_count(connector: &Connector, server: &str) -> Result<u32, String> {
    let mut connection = open(connector, &format!("{server}/getCaseCount")).await?;
    let mut count = None;
    while let Some(event) = connection.next_event().await.map_err(|error| error.to_string())? {
        if let Event::Message(Message::Text(text)) = event {
            count = text.trim().parse().ok();
        }
    }
    count.ok_or_else(|| format!("{server}: not a fuzzing server: it does not count its cases"))
}

/// Echoes until the connection is closed, however that comes about.
async fn echo(mut connection: Connection) -> Result<(), String> {
    while let Some(event) = connection.next_event().await.map_err(|error| error.to_string())? {
        if let Event::Message(message) = event {
            // A case may well close before it has seen the answer.
            if let Err(SendError::Engine(failure)) = connection.queue(&message) {
                return Err(failure.to_string());
            }
        }
    }
    Ok(())
}
