# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""English messages."""

TEXTS = {
    # PowerShell
    "unknown_command": (
        "The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program. "
        "Check the spelling of the name, or if a path was included, verify that the path is correct and try again."
    ),
    "unknown_parameter": "A parameter cannot be found that matches parameter name '{name}'.",
    "ambiguous_parameter": (
        "Parameter cannot be processed because the parameter name '{name}' is ambiguous. Possible matches include: "
        "{possible}."
    ),
    "parameter_twice": (
        "Cannot bind parameter because parameter '{name}' is specified more than once. To provide multiple values to "
        'parameters that can accept multiple values, use the array syntax. For example, "-parameter value1,value2".'
    ),
    "surplus_argument": "A positional parameter cannot be found that accepts argument '{value}'.",
    "missing_parameters": "Cannot process command because of one or more missing mandatory parameters: {names}.",
    "wrong_value": (
        "Cannot process argument transformation on parameter '{name}'. Cannot convert value \"{shown}\" to type "
        '"{type_name}". Error: "{reason}"'
    ),
    "empty_collection": "Cannot bind argument to parameter '{name}' because it is an empty collection.",
    "null_argument": "Cannot bind argument to parameter '{name}' because it is null.",
    "empty_text": "Cannot bind argument to parameter '{name}' because it is an empty string.",
    "ambiguous_set": "Parameter set cannot be resolved using the specified named parameters.",
    "host_missing": (
        "A command that prompts the user failed because the host program or the command type does not support "
        "user interaction. The host was attempting to request confirmation with the following message: {question}"
    ),
    # questions
    "create_connector": 'Creating Receive connector "{name}" on server "{server}".',
    "set_connector": 'Setting properties on Receive connector "{identity}".',
    "remove_connector": ('Are you sure you want to perform this action?\nRemoving Receive connector "{identity}".'),
    "create_policy": 'Creating throttling policy "{name}".',
    "set_policy": 'Setting properties on throttling policy "{name}".',
    "remove_policy": 'Are you sure you want to perform this action?\nRemoving throttling policy "{name}".',
    "add_permission": 'Adding Active Directory permission on "{identity}" for user "{user}".',
    "remove_permission": (
        "Are you sure you want to perform this action?\n"
        'Removing Active Directory permission "{identity}" for user "{user}".'
    ),
    # Exchange: objects
    "not_found": "The operation couldn't be performed because object '{identity}' couldn't be found on '{controller}'.",
    "ambiguous": "The operation couldn't be performed because '{identity}' matches multiple entries.",
    "unknown_controller": (
        "An Active Directory error 0x51 occurred when trying to check the suitability of server '{name}'. Error: "
        "'Active directory response: The LDAP server is unavailable.'"
    ),
    "already_exists": "Active Directory operation failed on {controller}. The object '{name}' already exists.",
    "too_many_values": (
        "Active Directory operation failed on {controller}. This error is not retriable. Additional information: The "
        "administrative limit for this request was exceeded. Active directory response: 00002024: SvcErr: "
        "DSID-02050BBD, problem 5008 (ADMIN_LIMIT_EXCEEDED), data -1026"
    ),
    "unknown_user": 'User or Group "{name}" wasn\'t found. Make sure you typed it correctly.',
    "unknown_right": "The extended right \"{name}\" wasn't found. Please make sure you've typed it correctly.",
    "no_rights": "You must specify a value for the ExtendedRights or the AccessRights parameter.",
    "unknown_component": 'The component "{component}" was not found.',
    # Exchange: which server
    "server_is_newer": (
        'The connector can\'t be changed because the server "{server}" runs a later version of Exchange than the '
        'server "{executing}", whose cmdlets are running.'
    ),
    "server_is_older": (
        'The connector can\'t be changed because the server "{server}" runs an earlier version of Exchange; use the '
        "Exchange Management Shell of that version."
    ),
    "no_transport": 'The server "{server}" has no server role that uses Receive connectors.',
    "not_on_edge": "The {parameter} parameter can't be used on an Edge Transport server.",
    "out_of_scope": ("'{identity}' isn't within your current write scopes. Can't perform save operation."),
    "out_of_config_scope": (
        "The operation on {kind} \"{identity}\" failed because it's out of the current user's write scope."
    ),
    # Exchange: usages
    "usage_requires": "The {parameter} parameter is required when the usage type is {usage}.",
    "usage_forbids": "The {parameter} parameter cannot be used when the usage type is {usage}.",
    "usage_not_on_edge": "The usage type {usage} is not available on an Edge Transport server.",
    # Exchange: rules
    "out_of_range": (
        "Property validation failed. Property = {name} Error = The value '{value}' is out of range; valid values are "
        "from '{minimum}' to '{maximum}'."
    ),
    "too_small": (
        "Property validation failed. Property = {name} Error = The value '{value}' is out of range; valid values are "
        "at least '{minimum}'."
    ),
    "too_long": (
        "Property validation failed. Property = {name} Error = The length of the property is too long. The maximum "
        "length is {maximum} and the length of the value provided is {length}."
    ),
    "bad_name": (
        'Property validation failed. Property = Name Error = The value "{name}" is empty, starts or ends with a '
        "space, or holds a control character."
    ),
    # Exchange: throttling policies
    "policy_global_scope": "A throttling policy with the scope Global can't be created; there is only the default one.",
    "policy_scope_fixed": 'The scope of throttling policy "{name}" is {scope} and can\'t be changed.',
    "policy_default_stays": 'The default throttling policy "{name}" can\'t be removed.',
    "policy_default_only": "The {parameter} parameter can only be set for the default throttling policy.",
    "role_conflict": (
        "The values that you specified for the Bindings and RemoteIPRanges parameters conflict with the settings on "
        'Receive connector "{identity}". Receive connectors assigned to different Transport roles on a single server '
        "must listen on unique local IP address & port bindings."
    ),
    "range_conflict": (
        "The values that you specified for the Bindings and RemoteIPRanges parameters conflict with the settings on "
        'Receive connector "{identity}". Please specify values that do not conflict.'
    ),
    "custom_group": (
        "The value Custom of the PermissionGroups parameter cannot be set; use the Add-ADPermission cmdlet instead."
    ),
    "group_not_on_edge": (
        "The value {group} of the PermissionGroups parameter is not available on an Edge Transport server."
    ),
    "unknown_role": "The TransportRole parameter must be FrontendTransport or HubTransport.",
    "role_not_installed": (
        'The value {role} of the TransportRole parameter needs a transport service that the server "{server}" does not '
        "have."
    ),
    "no_bindings": "The Bindings parameter must hold at least one IP address and port.",
    "no_ranges": "The RemoteIPRanges parameter must hold at least one IP address range.",
    "value_twice": 'The value "{value}" is already present in the collection. Property = {name}',
    "basic_needs_tls": (
        "When the AuthMechanism parameter holds BasicAuthRequireTLS, it must also hold BasicAuth and Tls."
    ),
    "require_tls": "When the RequireTLS parameter is $true, the AuthMechanism parameter must hold Tls.",
    "external_alone": (
        "When the AuthMechanism parameter holds ExternalAuthoritative, the only other value it may hold is Tls."
    ),
    "external_needs_group": (
        "When the AuthMechanism parameter holds ExternalAuthoritative, the PermissionGroups parameter must hold "
        "ExchangeServers."
    ),
    "domain_secure": (
        "When the DomainSecureEnabled parameter is $true, the AuthMechanism parameter must hold Tls and must not "
        "hold ExternalAuthoritative."
    ),
    "fqdn": (
        "When the AuthMechanism parameter on a Receive connector is set to the value ExchangeServer, you must set the "
        "FQDN parameter on the Receive connector to one of the following values: the FQDN of the transport server "
        '"{fqdn}", the NetBios name of the transport server "{server}", or $null.'
    ),
    "timeouts": (
        "The value of the ConnectionInactivityTimeout parameter must be less than the value of the ConnectionTimeout "
        "parameter."
    ),
    "binary_needs_chunking": (
        "When the BinaryMimeEnabled parameter is $true, the ChunkingEnabled parameter must also be $true."
    ),
    "long_addresses": ("The LongAddressesEnabled parameter may be $true only on connectors of the Transport service."),
    "banner": 'The value of the Banner parameter must start with "220 " or be $null.',
    "anonymous_tls": (
        "The SuppressXAnonymousTls parameter may be $true only when the UseDowngradedExchangeServerAuth parameter of "
        'the transport service on server "{server}" is $true.'
    ),
    "unknown_capability": "The capability {capability} of the TlsDomainCapabilities parameter is not known.",
    # warnings
    "nothing_modified": ("The command completed successfully but no settings of '{identity}' have been modified."),
    "ace_present": (
        'The appropriate access control entry is already present on the object "{name}" for account "{user}".'
    ),
    "ace_inherited": (
        "An inherited access control entry has been specified: [Rights: {right}, ControlType: Allow] and was "
        'ignored on object "{name}".'
    ),
    "ace_absent": (
        'Can\'t remove the access control entry on the object "{name}" for account "{user}" because the ACE '
        "doesn't exist on the object."
    ),
    # the session
    "no_remote_powershell": ('Access is denied to the user "{user}": remote PowerShell is not enabled for this user.'),
    "no_roles": 'The user "{user}" isn\'t assigned to any management roles.',
    "not_administrator": 'Access is denied to the user "{user}".',
    # the lab's own limit, said as such
    "not_simulated": "The lab does not simulate {what}.",
}
