# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Error records on the wire, with the category text that PowerShell shows and the .NET type of the exception."""

from __future__ import annotations

from psrpcore.types import ErrorCategory, ErrorCategoryInfo, ErrorRecord, NETException

from exchange_lab.interface import CmdletError

# COR_E_EXCEPTION: what an exception without a code of its own carries.
_HRESULT = -2146233088


class _Category(ErrorCategoryInfo):
    def __str__(self) -> str:
        return (
            f"{self.Category.name}: ({self.TargetName or ''}:{self.TargetType or ''}) "
            f"[{self.Activity or ''}], {self.Reason or ''}"
        )


def error_record(error: CmdletError) -> ErrorRecord:
    """Return the record of one error."""
    exception = NETException(Message=error.message, HResult=_HRESULT)
    exception.PSObject.type_names = [error.exception_type, "System.Exception", "System.Object"]
    exception.PSObject.to_string = f"{error.exception_type}: {error.message}"
    return ErrorRecord(
        Exception=exception,
        CategoryInfo=_Category(
            Category=getattr(ErrorCategory, error.category, ErrorCategory.NotSpecified),
            Activity=error.activity,
            Reason=error.exception_type.rpartition(".")[2],
            TargetName=error.target,
            TargetType="String" if error.target else "",
        ),
        TargetObject=error.target or None,
        FullyQualifiedErrorId=error.error_id,
    )


def unknown_command(name: str) -> CmdletError:
    """A command that the session has not."""
    return CmdletError(
        message=(
            f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program. "
            "Check the spelling of the name, or if a path was included, verify that the path is correct and try again."
        ),
        error_id="CommandNotFoundException",
        category="ObjectNotFound",
        target=name,
        exception_type="System.Management.Automation.CommandNotFoundException",
        terminating=True,
    )


def no_language(script: str) -> CmdletError:
    """Script text was sent; since April 2021 every Exchange endpoint runs in no-language mode."""
    return CmdletError(
        message="The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode.",
        error_id="ScriptsNotAllowed",
        category="ParserError",
        target=script,
        exception_type="System.Management.Automation.ParseException",
        terminating=True,
    )


def beyond_the_lab(what: str) -> CmdletError:
    """A pipeline that a real endpoint would run and the lab does not."""
    return CmdletError(
        message=f"The lab's endpoint does not offer {what}.",
        error_id="BeyondTheLab",
        category="NotImplemented",
        target="",
        exception_type="System.NotImplementedException",
        terminating=True,
    )


def unknown_parameter(cmdlet: str, parameter: str, command: str) -> CmdletError:
    """A parameter that the command has not."""
    return CmdletError(
        message=f"A parameter cannot be found that matches parameter name '{parameter}'.",
        error_id=f"NamedParameterNotFound,{command}",
        category="InvalidArgument",
        target="",
        exception_type="System.Management.Automation.ParameterBindingException",
        terminating=True,
        activity=cmdlet,
    )


def no_pipeline_input(cmdlet: str) -> CmdletError:
    """Objects were sent into a cmdlet that takes none."""
    return CmdletError(
        message=(
            "The input object cannot be bound to any parameters for the command either because the command does not "
            "take pipeline input or the input and its properties do not match any of the parameters that take "
            "pipeline input."
        ),
        error_id=f"InputObjectNotBound,{cmdlet}",
        category="InvalidArgument",
        target="",
        exception_type="System.Management.Automation.ParameterBindingException",
        activity=cmdlet,
    )


def internal_error(cmdlet: str, error: Exception) -> CmdletError:
    """The lab itself failed while it ran a cmdlet: a defect of the lab, never an answer of Exchange."""
    return CmdletError(
        message=f"The lab failed while it ran {cmdlet}: {type(error).__name__}: {error}",
        error_id=f"LabFailure,{cmdlet}",
        category="NotSpecified",
        target="",
        exception_type="System.SystemException",
        terminating=True,
        activity=cmdlet,
    )
