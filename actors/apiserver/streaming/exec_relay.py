"""Between a client of exec or attach and the kubelet's session, until one of them is through.

Must not know: which protocol the client speaks.
"""

from actors.apiserver.streaming.exec_client import ExecClient
from actors.apiserver.streaming.session import Session
from actors.kit.together import until_first
from cluster.api.types import Object
from cluster.errors import StatusError
from cluster.messages.streams import ProcessExited, StreamOutput

SUCCESS: Object = {"metadata": {}, "status": "Success"}


async def relay(client: ExecClient, session: Session) -> None:
    """Raises ConnectionError, PeerFault as the client's end."""
    await until_first(_output(client, session), client.feed(session), session.idle.over())


async def _output(client: ExecClient, session: Session) -> None:
    outcome = SUCCESS
    try:
        while (item := await session.read()) is not None:
            match item:
                case StreamOutput():
                    await client.send(item.channel, item.data)
                case ProcessExited():
                    outcome = exit_status(item.code)
    except StatusError as error:
        outcome = error.status
    await client.finish(outcome)


def exit_status(code: int) -> Object:
    """As clients look for it: reason NonZeroExitCode, its cause ExitCode."""
    if code == 0:
        return SUCCESS
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: exit status {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }
