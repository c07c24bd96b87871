//! A TCP proxy that a test can stop, cut or restrict.

use std::io::Result;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Flow {
    Open,
    /// Bytes from the target wait. Bytes to the target pass.
    Paused,
    /// All connections are closed, and new ones are closed at once.
    Cut,
}

#[derive(Clone, Copy, Debug)]
struct State {
    flow: Flow,
    /// The number of calls of [`TcpProxy::blackhole`]. A connection passes nothing more as soon as
    /// the number differs from that of its beginning.
    blackholes: u64,
}

/// A proxy between clients and a target. It stops when the value is dropped.
#[derive(Debug)]
pub struct TcpProxy {
    address: SocketAddr,
    state: watch::Sender<State>,
    blocks_websockets: Arc<AtomicBool>,
}

impl TcpProxy {
    /// Starts a proxy on a free port. `target` is a host and a port.
    ///
    /// # Errors
    ///
    /// Fails if there is no free port.
    pub async fn start(target: impl Into<String>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (state, states) = watch::channel(State { flow: Flow::Open, blackholes: 0 });
        let blocks_websockets = Arc::new(AtomicBool::new(false));
        tokio::spawn(accept(listener, target.into(), states, blocks_websockets.clone()));
        Ok(Self { address, state, blocks_websockets })
    }

    /// Returns the address on which the proxy listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Holds back what the target sends until [`TcpProxy::release`].
    pub fn hold(&self) {
        self.set_flow(Flow::Paused);
    }

    /// Lets everything pass again.
    pub fn release(&self) {
        self.set_flow(Flow::Open);
    }

    /// Closes all connections, and refuses new ones until [`TcpProxy::release`].
    pub fn cut(&self) {
        self.set_flow(Flow::Cut);
    }

    /// Passes nothing more on the connections that are open now, without closing them. New
    /// connections are not affected.
    pub fn blackhole(&self) {
        self.state.send_modify(|it| it.blackholes += 1);
    }

    /// Closes each new WebSocket connection, as some real proxies do.
    pub fn block_websockets(&self) {
        self.blocks_websockets.store(true, Ordering::Relaxed);
    }

    fn set_flow(&self, flow: Flow) {
        self.state.send_modify(|it| it.flow = flow);
    }
}

/// Accepts connections until the proxy is dropped.
async fn accept(
    listener: TcpListener,
    target: String,
    mut states: watch::Receiver<State>,
    blocks_websockets: Arc<AtomicBool>,
) {
    loop {
        let client = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => client,
                Err(_) => return,
            },
            changed = states.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        let state = *states.borrow();
        if state.flow == Flow::Cut {
            continue;
        }
        let target = target.clone();
        let states = states.clone();
        let blocks_websockets = blocks_websockets.clone();
        tokio::spawn(async move {
            if blocks_websockets.load(Ordering::Relaxed) && requests_websocket(&client).await {
                return;
            }
            if let Ok(server) = TcpStream::connect(target).await {
                connect(client, server, state, states).await;
            }
        });
    }
}

/// Whether a client's first bytes ask for a WebSocket.
async fn requests_websocket(client: &TcpStream) -> bool {
    let mut head = vec![0; 4096];
    let length = client.peek(&mut head).await.unwrap_or_default();
    String::from_utf8_lossy(&head[..length]).to_ascii_lowercase().contains("upgrade: websocket")
}

/// Carries one connection until one side ends it, it is cut, or the proxy is dropped.
async fn connect(
    client: TcpStream,
    server: TcpStream,
    start: State,
    mut states: watch::Receiver<State>,
) {
    let (client_reader, client_writer) = client.into_split();
    let (server_reader, server_writer) = server.into_split();
    let upstream = copy(client_reader, server_writer, None);
    let downstream = copy(server_reader, client_writer, Some(states.clone()));
    let traffic = async {
        tokio::select! {
            _ = upstream => {}
            _ = downstream => {}
        }
    };
    // Pinned here, so that the sockets stay open while nothing polls the traffic any more.
    let mut traffic = pin!(traffic);
    let is_blackholed = |it: &State| it.blackholes != start.blackholes;
    let is_over = tokio::select! {
        biased;
        state = states.wait_for(|it| it.flow == Flow::Cut || is_blackholed(it)) => {
            state.map_or(true, |it| it.flow == Flow::Cut)
        }
        () = &mut traffic => true,
    };
    if !is_over {
        _ = states.wait_for(|it| it.flow == Flow::Cut).await;
    }
}

/// Copies bytes of one direction. `states` tells when to hold them.
async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut states: Option<watch::Receiver<State>>,
) -> Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        if let Some(states) = &mut states {
            _ = states.wait_for(|it| it.flow != Flow::Paused).await;
        }
        to.write_all(&buffer[..length]).await?;
    }
}
