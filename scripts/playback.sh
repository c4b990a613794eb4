#!/usr/bin/env bash
# Plays a video back without a screen: scripts/playback.sh VIDEO.mp4 [SECONDS_MIN]
# Fails unless it has H.264 and AAC, lasts at least so long, starts before it is loaded whole, and decodes to its end.
set -euo pipefail
video=${1:?usage: scripts/playback.sh VIDEO.mp4 [SECONDS_MIN]}
seconds_min=${2:-3}
fail() { echo "error: $video: $*" >&2; exit 1; }

[ -s "$video" ] || fail "there is no such file, or it is empty"
field() { ffprobe -v error "$@" -of default=noprint_wrappers=1:nokey=1 "$video" </dev/null; }
picture=$(field -select_streams v:0 -show_entries stream=codec_name,width,height,pix_fmt | paste -sd' ')
sound=$(field -select_streams a:0 -show_entries stream=codec_name,channels | paste -sd' ')
seconds=$(field -show_entries format=duration)
case $picture in "h264 "*" yuv420p") ;; *) fail "its picture is '$picture', not h264 in yuv420p" ;; esac
case $sound in "aac "*) ;; *) fail "its sound is '$sound', not aac" ;; esac
awk -v have="$seconds" -v need="$seconds_min" 'BEGIN { exit !(have >= need) }' || fail "it lasts $seconds s, less than $seconds_min s"
# `moov` before `mdat`: a player can start while the rest is on its way.
order=$(ffprobe -v trace "$video" 2>&1 </dev/null | grep -oE "type:'(moov|mdat)'" | head -n1 || true)
[ "$order" = "type:'moov'" ] || fail "its index lies at the end (no faststart)"
trouble=$(ffmpeg -v error -nostdin -xerror -i "$video" -f null - 2>&1 </dev/null) || fail "it does not decode: $trouble"
[ -z "$trouble" ] || fail "it decodes with complaints: $trouble"
loudness=$(ffmpeg -nostdin -hide_banner -i "$video" -vn -af volumedetect -f null - 2>&1 </dev/null | sed -n 's/.*mean_volume: \(.*\) dB/\1/p')
awk -v mean="$loudness" 'BEGIN { exit !(mean > -60) }' || fail "it is silent (mean volume $loudness dB)"
echo "playback: $(basename "$video"): $picture, $sound, $seconds s, mean volume $loudness dB, decoded to the end"
