"""Runs first in the bundle: what the bundle's own libraries need must not reach other programs, and the
certificates of the system that it runs on lie elsewhere than on the one that it was built on."""

import os
import ssl

CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Debian and Arch; Fedora; openSUSE; Alpine."""


def forget_own_libraries() -> None:
    """The loader has read the variable by now; a browser that we open would load our libraries in place of its own."""
    before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    if before:
        os.environ["LD_LIBRARY_PATH"] = before
    else:
        os.environ.pop("LD_LIBRARY_PATH", None)
    # For a second process of the bundle, which shall set it anew.
    os.environ["PYINSTALLER_RESET_ENVIRONMENT"] = "1"


def find_certificates() -> None:
    known = ssl.get_default_verify_paths()
    if known.cafile is None and known.capath is None:
        for path in filter(os.path.isfile, CERTIFICATES):
            os.environ["SSL_CERT_FILE"] = path
            break


forget_own_libraries()
find_certificates()
