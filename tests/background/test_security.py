"""Nothing is said to a server that can't prove its name."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from registry.background import send_messages
from registry.database import Database
from tests.background.conftest import Mailbox, Outbox, posted, smtp_server

HOST = ipaddress.ip_address("127.0.0.1")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server's own, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "essai")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("trusted", [True, False])
async def test_the_server_is_known_by_its_certificate(
    database: Database,
    mailbox: Mailbox,
    outbox: Outbox,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    security: str,
    *,
    trusted: bool,
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    await posted(database, "contact@editeur.example")
    offered = {"tls_context": context, "require_starttls": True}
    async with smtp_server(
        mailbox,
        context if security == "tls" else None,
        **offered if security == "starttls" else {},
    ) as settings:
        secured = settings.model_copy(update={"smtp_security": security})
        assert await send_messages(database, secured)
    (row,) = await outbox()
    assert (row.sent_at is not None, len(mailbox.envelopes)) == (trusted, int(trusted))
    assert trusted or "CERTIFICATE_VERIFY_FAILED" in (row.failure or "")
