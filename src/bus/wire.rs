//! A connection to one Redis or to a cluster of them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ::redis::{
    AsyncConnectionConfig, Client, Cmd, FromRedisValue, IntoConnectionInfo, ProtocolVersion,
    PushInfo, PushKind, RedisResult, aio::MultiplexedConnection, cluster::ClusterClient,
    cluster_async::ClusterConnection,
};
use futures_util::future::try_join_all;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Nothing that Redis is asked takes longer; else it counts as gone.
const PATIENCE: Duration = Duration::from_secs(2);
/// Pushes from Redis that may wait to be heard. Beyond, they are dropped and the sweep finds them.
const WAITING: usize = 16_384;

/// Where Redis is: one address, or several nodes of a cluster separated by commas.
#[derive(Clone, Debug)]
pub(super) struct Place(String);

/// An open connection. Cheap to clone; clones share it.
#[derive(Clone)]
pub(super) enum Wire {
    /// To one Redis.
    One(MultiplexedConnection),
    /// To a cluster.
    Cluster(ClusterConnection),
}

/// What comes from Redis without being asked for.
pub(super) struct Pushes {
    /// Messages, in order.
    pub messages: mpsc::Receiver<PushInfo>,
    /// Fires when a connection broke: subscriptions on it are gone.
    pub lost: CancellationToken,
    /// Set when messages were dropped because too many waited.
    pub missed: Arc<AtomicBool>,
}

impl Place {
    /// Refuses what is not a Redis URL.
    pub(super) fn new(url: &str) -> anyhow::Result<Self> {
        let place = Self(url.to_owned());
        for node in place.nodes() {
            node.into_connection_info()?;
        }
        Ok(place)
    }

    fn nodes(&self) -> impl Iterator<Item = &str> {
        self.0.split(',').map(str::trim)
    }

    /// Connects; what Redis pushes comes by [`Pushes`].
    pub(super) async fn connect(&self) -> RedisResult<(Wire, Pushes)> {
        let (sender, messages) = mpsc::channel(WAITING);
        let (lost, missed) = (CancellationToken::new(), Arc::new(AtomicBool::new(false)));
        let ear = {
            let (lost, missed) = (lost.clone(), missed.clone());
            move |push: PushInfo| {
                let heard = matches!(push.kind, PushKind::SMessage | PushKind::SUnsubscribe);
                if push.kind == PushKind::Disconnection {
                    lost.cancel();
                } else if heard && sender.try_send(push).is_err() {
                    missed.store(true, Ordering::Relaxed);
                }
                Ok::<(), std::convert::Infallible>(())
            }
        };
        let wire = if self.0.contains(',') {
            let client = ClusterClient::builder(self.nodes())
                .use_protocol(ProtocolVersion::RESP3)
                .connection_timeout(PATIENCE)
                .response_timeout(PATIENCE)
                .retries(3)
                .push_sender(ear)
                .build()?;
            Wire::Cluster(client.get_async_connection().await?)
        } else {
            let info = self.0.as_str().into_connection_info()?;
            let settings = info
                .redis_settings()
                .clone()
                .set_protocol(ProtocolVersion::RESP3);
            let config = AsyncConnectionConfig::new()
                .set_connection_timeout(Some(PATIENCE))
                .set_response_timeout(Some(PATIENCE))
                .set_push_sender(ear);
            let client = Client::open(info.set_redis_settings(settings))?;
            Wire::One(
                client
                    .get_multiplexed_async_connection_with_config(&config)
                    .await?,
            )
        };
        let pushes = Pushes {
            messages,
            lost,
            missed,
        };
        Ok((wire, pushes))
    }
}

impl Wire {
    /// Asks one thing.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        match self.clone() {
            Self::One(mut wire) => command.query_async(&mut wire).await,
            Self::Cluster(mut wire) => command.query_async(&mut wire).await,
        }
    }

    /// Asks many things with one round trip; to a cluster, one to each of its nodes.
    pub(super) async fn ask_all<T: FromRedisValue>(&self, commands: &[Cmd]) -> RedisResult<Vec<T>> {
        if commands.is_empty() {
            return Ok(vec![]);
        }
        match self.clone() {
            Self::One(mut wire) => {
                let mut pipe = ::redis::pipe();
                for command in commands {
                    pipe.add_command(command.clone());
                }
                pipe.query_async(&mut wire).await
            }
            Self::Cluster(_) => {
                try_join_all(commands.iter().map(|command| self.ask(command))).await
            }
        }
    }
}
