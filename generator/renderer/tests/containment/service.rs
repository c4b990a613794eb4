//! Protects: through the renderer's socket a scene fares as it does without it, and a caller who goes away ends it.

use reelmeter_renderer::{Error, Fault, RemoteRenderer, Walls, service};
use tokio_util::sync::CancellationToken;

use crate::support::{self, endless, eventually, is_running, open_folder, remove, scene};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_socket_gives_the_same_pictures_and_the_same_problems() {
    if crate::support::skipped() {
        return;
    }
    let folder = open_folder("socket");
    let socket = folder.join("renderer.sock");
    let stop = CancellationToken::new();
    let listener = service::listen(&socket).unwrap();
    let renderer = support::renderer(Walls::Bubblewrap).await;
    let serving = tokio::spawn(service::run(
        renderer,
        listener,
        stop.clone().cancelled_owned(),
    ));

    let remote = RemoteRenderer::at(&socket).unwrap();
    let says = remote.says().await.unwrap();
    assert!(says.contains("Manim 0.22"), "{says}");

    let cancel = CancellationToken::new();
    let moving = scene("self.play(Create(Circle()), run_time=0.3)");
    let picture = remote.render(&moving, &cancel).await.unwrap();
    assert_eq!(picture.get(4..8), Some(b"ftyp".as_slice()));
    assert_eq!(remote.check(&moving, &cancel).await, Ok(()));

    let wrong = scene("self.play(Create(Circel()))");
    for answer in [
        remote.check(&wrong, &cancel).await,
        remote.render(&wrong, &cancel).await.map(drop),
    ] {
        let Err(Error::Code(problem)) = answer else {
            panic!("a problem with the code: {answer:?}");
        };
        assert_eq!(problem.fault, Fault::Raised);
        assert_eq!(problem.message, "NameError: name 'Circel' is not defined");
        assert_eq!(problem.line.unwrap().number, 5);
    }

    // Called off here, it ends there.
    let off = async {
        eventually("the scene never runs", || is_running("off-socket")).await;
        cancel.cancel();
    };
    let endless = endless("off-socket");
    let (answer, ()) = tokio::join!(remote.check(&endless, &cancel), off);
    assert_eq!(answer, Err(Error::Cancelled));
    eventually("a scene that was called off runs on", || {
        !is_running("off-socket")
    })
    .await;

    stop.cancel();
    serving.await.unwrap().unwrap();
    let gone = remote.check(&moving, &CancellationToken::new()).await;
    assert!(matches!(gone, Err(Error::Machine(_))), "{gone:?}");
    remove(&folder);
}
