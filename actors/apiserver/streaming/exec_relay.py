"""Between a client of exec or attach and the kubelet's session, until one of them is through.

Must not know: which protocol the client speaks.
"""

from actors.apiserver.streaming.exec_client import ExecClient, Input, Resize
from actors.apiserver.streaming.idle import Idle
from actors.apiserver.streaming.session import Session
from actors.kit.together import until_first
from cluster.api.types import Object
from cluster.errors import StatusError
from cluster.messages.streams import ProcessExited, StreamOutput

SUCCESS: Object = {"metadata": {}, "status": "Success"}


async def relay(client: ExecClient, session: Session, idle: Idle) -> None:
    """Raises ConnectionError, PeerFault as the client's end."""
    await until_first(_output(client, session, idle), _input(client, session, idle), idle.over())


async def _input(client: ExecClient, session: Session, idle: Idle) -> None:
    while (event := await client.receive()) is not None:
        idle.stir()
        match event:
            case Input():
                await session.write(event.data)
                if event.last:
                    session.write_eof()
            case Resize():
                session.resize(event.width, event.height)


async def _output(client: ExecClient, session: Session, idle: Idle) -> None:
    outcome = SUCCESS
    try:
        while (item := await session.read()) is not None:
            idle.stir()
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
