"""A contact is taken when a message can be sent to it, or a page opened; else it is said why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.contacts import contact, sendable
from registry.domain.errors import InvalidInput

PLAIN = "abcXYZ019!#$'*+-/=^_{|}~"

TAKEN = {
    "contact@éditeur-exemple.fr": (
        "contact@éditeur-exemple.fr",
        "contact@xn--diteur-exemple-9jb.fr",
    ),
    "mailto:contact@editeur-exemple.fr": ("contact@editeur-exemple.fr",) * 2,
    "MailTo: Aide@EXEMPLE.FR ": ("Aide@exemple.fr", "Aide@exemple.fr"),
    "contact@e\u0301diteur.fr": ("contact@éditeur.fr", "contact@xn--diteur-9ua.fr"),
    "o'neil+aide@exemple.fr": ("o'neil+aide@exemple.fr",) * 2,
    f"{'a' * 64}@exemple.fr": (f"{'a' * 64}@exemple.fr",) * 2,
    "https://exemple.fr/contact?objet=aide&de=moi": (
        "https://exemple.fr/contact?objet=aide&de=moi",
        None,
    ),
}
REFUSED = {
    "secrétariat@editeur-exemple.fr": "lettres sans accent",
    "support?bcc=x%40exemple.fr&body=x@editeur-exemple.fr": "« ? »",
    "a&b@exemple.fr": "« & »",
    "a%40b@exemple.fr": "« % »",
    '"a b"@exemple.fr': '« " »',
    "a@b@exemple.fr": "« @ »",
    f"{'a' * 65}@exemple.fr": "65 caractères, 64 au plus",
    f"{'a' * 10}@{'.'.join(['e' * 60] * 4)}.fr": "254",
    "contact@mon_service.fr": "« mon_service.fr »",
    "contact@-exemple.fr": "nom de domaine",
    "contact@exemple": "nom de domaine",
    "contact@exemple.fr.": "nom de domaine",
    "contact@127.0.0.1": "nom de domaine",
    "contact@exemple..fr": "nom de domaine",
    ".contact@exemple.fr": "point",
    "con..tact@exemple.fr": "point",
    "@exemple.fr": "adresse électronique",
    "contact@": "adresse électronique",
    "un@exemple.fr ; deux@exemple.fr": "un@exemple.fr et deux@exemple.fr",
    "un@exemple.fr,deux@exemple.fr": "un@exemple.fr et deux@exemple.fr",
    "Jeanne Dupont 06 12 34 56 78": "jamais les coordonnées d’une personne",
    "www.exemple.fr": "https://",
    "javascript:alert(1)": "https://",
    "https://moi:secret@exemple.fr/": "mot de passe",
    "exemple.fr?bcc=x@exemple.fr": "« ? »",
}


@pytest.mark.parametrize("text", TAKEN)
def test_what_can_be_written_to_is_stored_as_typed_and_sent_in_plain_letters(text: str) -> None:
    stored, sent = TAKEN[text]
    assert (contact("contact", text), sendable(text)) == (stored, sent)


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_written_to_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        contact("contact", text)
    assert REFUSED[text] in refused.value.message
    assert sendable(text) is None


@given(st.text() | st.builds("{}@{}.fr".format, st.text(PLAIN + ".?&%é"), st.text("abé-_.")))
def test_what_is_taken_is_taken_again_as_it_is_stored_and_sent(text: str) -> None:
    try:
        stored = contact("contact", text)
    except InvalidInput:
        return
    if stored is None or stored.startswith(("http:", "https:")):
        return
    sent = sendable(stored)
    assert sent is not None
    assert sent.isascii()
    assert not set("?&%,; \r\n") & set(sent)
    assert contact("contact", stored) == stored
    assert sendable(sent) == sent
