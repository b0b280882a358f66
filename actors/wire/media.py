"""Pictures, sound and files inside a conversation: embedded as base64, or linked."""

import mimetypes
from urllib.parse import urlsplit

from msgspec import Struct

from actors.wire.conversation import AudioPart, Conversation, FilePart, ImagePart, TextPart
from actors.wire.dialect import Gap
from actors.wire.turns import parts_of

__all__ = ["IMAGE_TYPES", "PDF", "Embedded", "Linked", "media_gap", "media_of"]

IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")
"""What every vision API takes."""
PDF = "application/pdf"
EMBEDDED_CHARS_MAX = 32 << 20
URL_CHARS_MAX = 8192
_AUDIO_TYPES = {"wav": "audio/wav", "mp3": "audio/mp3"}


class Embedded(Struct, frozen=True):
    """Here it is."""

    media_type: str
    base64: str


class Linked(Struct, frozen=True):
    """There it is, for the provider to fetch. We never fetch it ourselves."""

    url: str

    @property
    def media_type(self) -> str | None:
        """What the URL's ending says that it is."""
        return mimetypes.guess_type(urlsplit(self.url).path)[0]


def media_gap(conversation: Conversation, types: tuple[str, ...], *, links: bool) -> Gap | None:
    """The first picture, sound or file that a dialect with these types cannot carry."""
    for at, message in enumerate(conversation.messages):
        for part in parts_of(message):
            if isinstance(part, TextPart):
                continue
            match media_of(part):
                case Gap(field, why):
                    return Gap(f"messages[{at}].{field}", why)
                case Embedded(media_type) if media_type not in types:
                    return Gap(
                        f"messages[{at}]", f"holds {media_type[:64]}; there it can be {', '.join(types)}"
                    )
                case Linked() if not links:
                    return Gap(f"messages[{at}]", "holds a link; there it must be embedded")
    return None


def media_of(part: ImagePart | AudioPart | FilePart) -> Embedded | Linked | Gap:
    """What a part holds, or why nobody but OpenAI could tell."""
    match part:
        case ImagePart(image_url=image):
            return _at(image.url, "image_url")
        case AudioPart(input_audio=audio):
            media_type = _AUDIO_TYPES.get(audio.format)
            if media_type is None:
                return Gap("input_audio", f"has the format {audio.format[:32]!r}; wav and mp3 are known")
            return Embedded(media_type, audio.data)
        case FilePart(file=file):
            if file.file_data is None:
                return Gap("file", "is named by an id that means something at OpenAI only")
            return _at(file.file_data, "file")


def _at(url: str, field: str) -> Embedded | Linked | Gap:
    if url[:8].lower().startswith(("http://", "https://")):
        return Linked(url) if len(url) <= URL_CHARS_MAX else Gap(field, "has a URL that is too long")
    head, comma, data = url.partition(",")
    scheme, _, rest = head.partition(":")
    media_type, *parameters = rest.split(";")
    if scheme.lower() != "data" or not comma or parameters[-1:] != ["base64"]:
        return Gap(field, "must be an http(s) URL or a data URL in base64")
    if not data:
        return Gap(field, "is a data URL without data")
    if len(data) > EMBEDDED_CHARS_MAX:
        return Gap(field, f"is larger than {EMBEDDED_CHARS_MAX >> 20} MiB")
    return Embedded(media_type.lower(), data)
