"""A mail server that does what a test tells it: prints its port, then each mail as one line of JSON.

Recipients decide: nobody@ is refused for good, busy@ for now, slow@ is never answered.
"""

import argparse
import asyncio
import email
import email.policy
import json
import ssl

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


def show(**what):
    print(json.dumps(what), flush=True)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 no such mailbox here"
        if address.startswith("busy@"):
            return "451 4.3.0 come back later"
        if address.startswith("slow@"):
            await asyncio.sleep(600)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)

        def part(kind):
            body = mail.get_body((kind,))
            return body and body.get_content().replace("\r\n", "\n")

        show(
            sender=envelope.mail_from,
            recipients=envelope.rcpt_tos,
            headers={name.lower(): str(value) for name, value in mail.items()},
            kind=mail.get_content_type(),
            text=part("plain"),
            html=part("html"),
            tls=session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None,
            user=getattr(session, "auth_data", None),
            raw=envelope.content.decode("ascii"),
        )
        return "250 2.0.0 queued as 4711"


def context(options):
    folder = options.certificates
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
    if options.client_certificate:
        made.load_verify_locations(f"{folder}/ca.pem")
        made.verify_mode = ssl.CERT_REQUIRED
    return made


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--certificates")
    parser.add_argument("--cover", choices=["plain", "starttls", "tls"], default="plain")
    parser.add_argument("--login")
    parser.add_argument("--client-certificate", action="store_true")
    options = parser.parse_args()
    more = {"hostname": "mail.example.org", "auth_require_tls": False}
    if options.cover == "starttls":
        more |= {"tls_context": context(options), "require_starttls": True}
    if options.login:
        user, password = options.login.split(":")

        def check(server, session, envelope, mechanism, data):
            good = isinstance(data, LoginPassword) and data.login.decode() == user
            good = good and data.password.decode() == password
            return AuthResult(success=good, auth_data=user, handled=False)

        more |= {"authenticator": check, "auth_required": True}
    cover = context(options) if options.cover == "tls" else None
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Handler(), loop=loop, **more), "127.0.0.1", 0, ssl=cover)
    show(port=server.sockets[0].getsockname()[1])
    await server.serve_forever()


asyncio.run(main())
