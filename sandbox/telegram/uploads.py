"""Files: stored when they are sent, found again by id, handed out up to Telegram's limits.

Source: Bot API, "Sending files" and "getFile": a bot sends at most 50 MB (photos 10 MB) and
downloads at most 20 MB.
"""

from __future__ import annotations

import mimetypes

from sandbox.telegram.parameters import Parameters
from sandbox.telegram.pictures import mime_type_of_picture, picture_size
from sandbox.telegram.refusals import Refusal, bad_request
from sandbox.telegram.values import JsonObject, StoredFile
from sandbox.telegram.world import World

MAX_UPLOAD_BYTES = 50 * 1024 * 1024
MAX_PHOTO_BYTES = 10 * 1024 * 1024
MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024


def store_document(world: World, name: str, data: bytes, mime_type: str = "") -> StoredFile:
    """Store a file under the name it was sent with."""
    number = len(world.files)
    suffix = f".{name.rsplit('.', 1)[1]}" if "." in name else ""
    guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return world.keep_file(
        StoredFile(
            file_id=f"document{number}",
            path=f"documents/file_{number}{suffix}",
            name=name,
            mime_type=mime_type or guessed,
            data=data,
        )
    )


def store_photo(world: World, data: bytes) -> StoredFile:
    """Store a picture.

    Raises:
        Refusal: 400, it is no PNG or JPEG.
    """
    size = picture_size(data)
    if size is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    number = len(world.files)
    mime_type = mime_type_of_picture(data)
    suffix = mime_type.removeprefix("image/")
    return world.keep_file(
        StoredFile(
            file_id=f"photo{number}",
            path=f"photos/file_{number}.{suffix}",
            name=f"file_{number}.{suffix}",
            mime_type=mime_type,
            data=data,
            width=size[0],
            height=size[1],
        )
    )


def read_document(world: World, parameters: Parameters) -> StoredFile:
    """The document of a sendDocument: uploaded, or named by its id.

    Raises:
        Refusal: 400 there is none, 413 it is larger than 50 MB.
    """
    upload = parameters.upload("document")
    if upload is None:
        return _named_file(world, parameters.text("document"), "document")
    if len(upload.data) > MAX_UPLOAD_BYTES:
        raise Refusal(413, "Request Entity Too Large")
    if not upload.data:
        raise bad_request("file must be non-empty")
    return store_document(world, upload.name, upload.data)


def read_photo(world: World, parameters: Parameters) -> StoredFile:
    """The picture of a sendPhoto: uploaded, or named by its id.

    Raises:
        Refusal: 400 there is none or it is no picture, 413 it is larger than 10 MB.
    """
    upload = parameters.upload("photo")
    if upload is None:
        return _named_file(world, parameters.text("photo"), "photo")
    if len(upload.data) > MAX_PHOTO_BYTES:
        raise Refusal(413, "Request Entity Too Large")
    if not upload.data:
        raise bad_request("file must be non-empty")
    return store_photo(world, upload.data)


def file_for_download(world: World, file_id: str) -> JsonObject:
    """The answer to getFile.

    Raises:
        Refusal: 400, no such file or larger than 20 MB.
    """
    if not file_id:
        raise bad_request("file_id not specified")
    stored = world.files.get(file_id)
    if stored is None:
        raise bad_request("invalid file_id")
    if len(stored.data) > MAX_DOWNLOAD_BYTES:
        raise bad_request("file is too big")
    return {**stored.as_json(), "file_path": stored.path}


def _named_file(world: World, file_id: str, kind: str) -> StoredFile:
    if not file_id:
        raise bad_request(f"there is no {kind} in the request")
    stored = world.files.get(file_id)
    if stored is None or not file_id.startswith(kind):
        raise bad_request("wrong file identifier/HTTP URL specified")
    return stored
