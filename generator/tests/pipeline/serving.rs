//! Protects the generator's contract: orders are taken once, wrong ones name the field, watchers and downloads get all.

use crate::support::{Generator, PATIENCE, Simulator, config, nobody, volcanoes};
use reelmeter_proto::generator::v1::*;
use tokio::time::{Instant, timeout};
use tonic::Code;
use tonic_types::StatusExt;

fn one_scene() -> VideoSpec {
    VideoSpec {
        scene_count: 1,
        ..volcanoes()
    }
}

fn named(request_id: &str, spec: VideoSpec) -> CreateVideoRequest {
    CreateVideoRequest {
        request_id: request_id.to_owned(),
        spec: Some(spec),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_order_is_the_same_video_and_another_spec_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    simulator.faults("models:hang").await;
    let generator =
        Generator::start(config(data.path(), simulator.address, nobody().await, &[])).await;
    let mut client = generator.client.clone();
    let first = client
        .create_video(named("order-1", one_scene()))
        .await
        .unwrap()
        .into_inner();
    let again = client
        .create_video(named("order-1", one_scene()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first.video.unwrap().video_id, again.video.unwrap().video_id);
    let other = VideoSpec {
        prompt: "Tides".into(),
        ..one_scene()
    };
    let status = client
        .create_video(named("order-1", other))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::AlreadyExists);
    generator.stop().await;

    // The id is remembered over a restart.
    let generator =
        Generator::start(config(data.path(), simulator.address, nobody().await, &[])).await;
    let mut client = generator.client.clone();
    let later = client
        .create_video(named("order-1", one_scene()))
        .await
        .unwrap()
        .into_inner()
        .video
        .unwrap();
    assert_eq!(later.state(), VideoState::Failed);
    assert!(
        later
            .error_message
            .contains("interrupted in the preflight stage"),
        "{}",
        later.error_message
    );
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_order_names_the_field_and_starts_nothing() {
    let data = tempfile::tempdir().unwrap();
    let generator =
        Generator::start(config(data.path(), nobody().await, nobody().await, &[])).await;
    let mut client = generator.client.clone();
    let wrong = VideoSpec {
        scene_count: 99,
        ..volcanoes()
    };
    let status = client.create_video(named("", wrong)).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let details = status.get_error_details();
    assert_eq!(
        details.bad_request().unwrap().field_violations[0].field,
        "spec.scene_count"
    );
    let videos = client
        .list_videos(ListVideosRequest::default())
        .await
        .unwrap()
        .into_inner()
        .videos;
    assert!(videos.is_empty());
    let missing = client
        .get_video(GetVideoRequest {
            video_id: "none".into(),
        })
        .await
        .unwrap_err();
    assert_eq!(missing.code(), Code::NotFound);
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_video_is_fetched_in_chunks_from_any_byte_on() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    let generator =
        Generator::start(config(data.path(), simulator.address, nobody().await, &[])).await;
    let (video, log) = generator.make(one_scene()).await;
    assert_eq!(
        video.state(),
        VideoState::Succeeded,
        "{} {log:#?}",
        video.error_message
    );
    let file = std::fs::read(&video.file_path).unwrap();
    let download = |offset_bytes: i64, which: VideoFile| {
        let request = DownloadVideoRequest {
            video_id: video.video_id.clone(),
            file: which.into(),
            offset_bytes,
        };
        let mut client = generator.client.clone();
        async move {
            let mut stream = client.download_video(request).await?.into_inner();
            let (mut bytes, mut name) = (Vec::new(), String::new());
            while let Some(chunk) = stream.message().await? {
                assert!(chunk.data.len() <= 64 * 1024);
                assert_eq!(
                    chunk.offset_bytes,
                    offset_bytes + i64::try_from(bytes.len()).unwrap()
                );
                name.push_str(&chunk.file_name);
                bytes.extend(chunk.data);
            }
            Ok::<_, tonic::Status>((bytes, name))
        }
    };
    let (bytes, name) = download(0, VideoFile::Unspecified).await.unwrap();
    assert_eq!(bytes, file);
    assert!(name.ends_with(".mp4") && !name.contains('/'));
    let (rest, _) = download(1000, VideoFile::Video).await.unwrap();
    assert_eq!(rest, &file[1000..]);
    let (nothing, name) = download(video.size_bytes, VideoFile::Video).await.unwrap();
    assert!(nothing.is_empty() && !name.is_empty());
    let (subtitles, _) = download(0, VideoFile::Subtitles).await.unwrap();
    assert!(String::from_utf8(subtitles).unwrap().contains("-->"));
    let beyond = download(video.size_bytes + 1, VideoFile::Video)
        .await
        .unwrap_err();
    assert_eq!(beyond.code(), Code::OutOfRange);
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_sees_the_whole_video_its_log_once_and_the_end() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    simulator.faults("script:slow=1").await;
    let generator =
        Generator::start(config(data.path(), simulator.address, nobody().await, &[])).await;
    let video = generator.create(one_scene()).await;
    let request = WatchVideoRequest {
        video_id: video.video_id,
        after_log_number: 0,
    };
    let mut stream = generator
        .client
        .clone()
        .watch_video(request.clone())
        .await
        .unwrap()
        .into_inner();
    let (mut numbers, mut states, mut progress) = (Vec::new(), Vec::new(), Vec::new());
    let began = Instant::now();
    let mut messages = 0;
    while let Some(message) = timeout(PATIENCE, stream.message()).await.unwrap().unwrap() {
        messages += 1;
        numbers.extend(message.log_lines.iter().map(|line| line.number));
        let Some(video) = message.video else { continue };
        states.push(video.state());
        progress.extend(video.stages.last().map(|stage| stage.progress_permille));
    }
    assert_eq!(numbers, (1..=numbers.len() as i64).collect::<Vec<_>>());
    assert_eq!(*states.last().unwrap(), VideoState::Succeeded);
    assert!(progress.is_sorted(), "{progress:?}");
    let at_most = began.elapsed().as_millis() / 100 + 25;
    assert!(
        messages <= at_most,
        "{messages} messages in {:?}",
        began.elapsed()
    );
    // Later only what is newer is told.
    let later = WatchVideoRequest {
        after_log_number: numbers.len() as i64 - 1,
        ..request
    };
    let mut stream = generator
        .client
        .clone()
        .watch_video(later)
        .await
        .unwrap()
        .into_inner();
    let first = stream.message().await.unwrap().unwrap();
    assert_eq!(first.log_lines.len(), 1);
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_paged_newest_first_and_the_newest_that_can_be_is_resumed() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    simulator.faults("models:status500*100").await;
    let more = ["--generator-tries", "1"];
    let generator = Generator::start(config(
        data.path(),
        simulator.address,
        nobody().await,
        &more,
    ))
    .await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let (video, _) = generator.make(one_scene()).await;
        assert_eq!(video.state(), VideoState::Failed);
        ids.insert(0, video.video_id);
    }
    let mut client = generator.client.clone();
    let mut listed = Vec::new();
    let mut request = ListVideosRequest {
        page_size: 2,
        ..ListVideosRequest::default()
    };
    loop {
        let page = client
            .list_videos(request.clone())
            .await
            .unwrap()
            .into_inner();
        assert!(page.videos.len() <= 2);
        assert!(page.videos.iter().all(|video| video.cost_summary.is_none()));
        listed.extend(page.videos.into_iter().map(|video| video.video_id));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(listed, ids);
    let running = ListVideosRequest {
        state: VideoState::Succeeded.into(),
        ..ListVideosRequest::default()
    };
    assert!(
        client
            .list_videos(running)
            .await
            .unwrap()
            .into_inner()
            .videos
            .is_empty()
    );
    let resumed = generator.resume("").await;
    assert_eq!(resumed.video_id, ids[0]);
    generator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_voices_come_with_the_default_first() {
    let data = tempfile::tempdir().unwrap();
    let simulator = Simulator::start().await;
    let generator =
        Generator::start(config(data.path(), simulator.address, nobody().await, &[])).await;
    let answer = generator
        .client
        .clone()
        .list_voices(ListVoicesRequest {})
        .await
        .unwrap();
    let voices = answer.into_inner().voices;
    assert!(voices.len() > 3);
    assert!(voices[0].is_default);
    assert_eq!(voices[0].name, "George");
    assert_eq!(voices.iter().filter(|voice| voice.is_default).count(), 1);
    generator.stop().await;
}
