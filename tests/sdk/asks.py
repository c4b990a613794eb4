"""Requests that several tests send."""

SCRIPT_SCHEMA = {
    "type": "OBJECT",
    "properties": {
        "title": {"type": "STRING"},
        "scenes": {
            "type": "ARRAY",
            "minItems": 3,
            "maxItems": 3,
            "items": {
                "type": "OBJECT",
                "properties": {"narration": {"type": "STRING"}, "image_prompt": {"type": "STRING"}},
                "required": ["narration", "image_prompt"],
            },
        },
    },
    "required": ["title", "scenes"],
    "propertyOrdering": ["title", "scenes"],
}

SCRIPT = {
    "contents": [{"role": "user", "parts": [{"text": "Write a 3-scene script about tides."}]}],
    "systemInstruction": {"role": "user", "parts": [{"text": "You write narrated video scripts."}]},
    "generationConfig": {
        "temperature": 0.4,
        "maxOutputTokens": 8192,
        "responseMimeType": "application/json",
        "responseSchema": SCRIPT_SCHEMA,
    },
    "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_ONLY_HIGH"}],
}

IMAGE = {
    "contents": [{"role": "user", "parts": [{"text": "A watercolor harbor at low tide, no text"}]}],
    "generationConfig": {"responseModalities": ["IMAGE"], "imageConfig": {"aspectRatio": "9:16", "imageSize": "1K"}},
}

TEXT = "/v1beta/models/gemini-3.8-flash:generateContent"
STREAM = "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse"
PICTURE = "/v1beta/models/gemini-3-pro-image:generateContent"

VOICE = "JBFqnCBsd6RMkjVDRZzb"
SPEECH = f"/v1/text-to-speech/{VOICE}/with-timestamps?output_format=pcm_24000"
SPOKEN = {"text": "Tides rise. Tides fall."}

NO_MODEL = "/v1beta/models/X:generateContent"
NO_VOICE = "/v1/text-to-speech/X/with-timestamps"
UNKNOWN_FIELD = {"contents": [{"parts": [{"text": "hi"}]}], "generationConfig": {"foo": 1}}
NOTHING = {}
LOCAL = "/api/generate"
LOCAL_CHAT = "/api/chat"
LOCAL_PROMPT = {"model": "moondream", "prompt": "Is any text cut off?", "stream": False}
LOCAL_NO_MODEL = {"model": "nope", "prompt": "hi", "stream": False}
LOCAL_MESSAGES = {"model": "moondream", "messages": [{"role": "user", "content": "Is any text cut off?"}], "stream": False}
