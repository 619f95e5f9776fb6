# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""German messages; every wording is unverified."""

TEXTS = {
    "unknown_command": (
        'Die Benennung "{name}" wurde nicht als Name eines Cmdlet, einer Funktion, einer Skriptdatei oder eines '
        "ausführbaren Programms erkannt. Überprüfen Sie die Schreibweise des Namens, oder ob der Pfad korrekt ist "
        "(sofern enthalten), und wiederholen Sie den Vorgang."
    ),
    "unknown_parameter": 'Es wurde kein Parameter gefunden, der dem Parameternamen "{name}" entspricht.',
    "ambiguous_parameter": (
        'Der Parameter kann nicht verarbeitet werden, da der Parametername "{name}" nicht eindeutig ist. Mögliche '
        "Übereinstimmungen: {possible}."
    ),
    "parameter_twice": (
        'Der Parameter kann nicht gebunden werden, da der Parameter "{name}" mehrfach angegeben wurde. Verwenden Sie '
        "die Arraysyntax, um mehrere Werte für Parameter anzugeben, die mehrere Werte annehmen können."
    ),
    "surplus_argument": 'Es wurde kein Positionsparameter gefunden, der das Argument "{value}" akzeptiert.',
    "missing_parameters": (
        "Der Befehl kann nicht verarbeitet werden, da mindestens ein obligatorischer Parameter fehlt: {names}."
    ),
    "wrong_value": (
        'Die Argumenttransformation für den Parameter "{name}" kann nicht verarbeitet werden. Der Wert "{shown}" kann '
        'nicht in den Typ "{type_name}" konvertiert werden. Fehler: "{reason}"'
    ),
    "empty_collection": (
        'Das Argument kann nicht an den Parameter "{name}" gebunden werden, da es sich um eine leere Auflistung '
        "handelt."
    ),
    "null_argument": 'Das Argument kann nicht an den Parameter "{name}" gebunden werden, da es NULL ist.',
    "empty_text": (
        'Das Argument kann nicht an den Parameter "{name}" gebunden werden, da es sich um eine leere Zeichenfolge '
        "handelt."
    ),
    "ambiguous_set": ("Der Parametersatz kann mit den angegebenen benannten Parametern nicht aufgelöst werden."),
    "host_missing": (
        "Fehler bei einem Befehl, der den Benutzer zur Eingabe auffordert, da das Hostprogramm oder der Befehlstyp "
        "keine Benutzerinteraktion unterstützt. Der Host hat versucht, eine Bestätigung mit der folgenden Meldung "
        "anzufordern: {question}"
    ),
    "create_connector": 'Der Empfangsconnector "{name}" wird auf dem Server "{server}" erstellt.',
    "set_connector": 'Die Eigenschaften des Empfangsconnectors "{identity}" werden festgelegt.',
    "remove_connector": (
        'Möchten Sie diese Aktion wirklich ausführen?\nDer Empfangsconnector "{identity}" wird entfernt.'
    ),
    "create_policy": 'Die Einschränkungsrichtlinie "{name}" wird erstellt.',
    "set_policy": 'Die Eigenschaften der Einschränkungsrichtlinie "{name}" werden festgelegt.',
    "remove_policy": (
        'Möchten Sie diese Aktion wirklich ausführen?\nDie Einschränkungsrichtlinie "{name}" wird entfernt.'
    ),
    "add_permission": (
        'Die Active Directory-Berechtigung für "{identity}" wird für den Benutzer "{user}" hinzugefügt.'
    ),
    "remove_permission": (
        "Möchten Sie diese Aktion wirklich ausführen?\n"
        'Die Active Directory-Berechtigung für "{identity}" wird für den Benutzer "{user}" entfernt.'
    ),
    "not_found": (
        'Der Vorgang konnte nicht ausgeführt werden, da das Objekt "{identity}" auf "{controller}" nicht gefunden '
        "wurde."
    ),
    "ambiguous": ('Der Vorgang konnte nicht ausgeführt werden, da "{identity}" mit mehreren Einträgen übereinstimmt.'),
    "unknown_controller": (
        'Active Directory-Fehler 0x51 beim Überprüfen der Eignung des Servers "{name}". Fehler: "Active '
        'Directory-Antwort: Der LDAP-Server ist nicht verfügbar."'
    ),
    "already_exists": (
        'Fehler beim Active Directory-Vorgang auf {controller}. Das Objekt "{name}" ist bereits vorhanden.'
    ),
    "too_many_values": (
        "Fehler beim Active Directory-Vorgang auf {controller}. Dieser Fehler kann nicht durch einen erneuten Versuch "
        "behoben werden. Zusätzliche Informationen: Die administrative Grenze für diese Anforderung wurde "
        "überschritten. Active Directory-Antwort: 00002024: SvcErr: DSID-02050BBD, problem 5008 "
        "(ADMIN_LIMIT_EXCEEDED), data -1026"
    ),
    "unknown_user": (
        'Der Benutzer oder die Gruppe "{name}" wurde nicht gefunden. Stellen Sie sicher, dass die Eingabe korrekt ist.'
    ),
    "unknown_right": (
        'Das erweiterte Recht "{name}" wurde nicht gefunden. Stellen Sie sicher, dass die Eingabe korrekt ist.'
    ),
    "no_rights": 'Sie müssen einen Wert für den Parameter "ExtendedRights" oder "AccessRights" angeben.',
    "unknown_component": 'Die Komponente "{component}" wurde nicht gefunden.',
    "server_is_newer": (
        'Der Connector kann nicht geändert werden, da auf dem Server "{server}" eine neuere Version von Exchange '
        'ausgeführt wird als auf dem Server "{executing}", dessen Cmdlets ausgeführt werden.'
    ),
    "server_is_older": (
        'Der Connector kann nicht geändert werden, da auf dem Server "{server}" eine frühere Version von Exchange '
        "ausgeführt wird; verwenden Sie die Exchange-Verwaltungsshell dieser Version."
    ),
    "no_transport": 'Der Server "{server}" hat keine Serverrolle, die Empfangsconnectors verwendet.',
    "not_on_edge": 'Der Parameter "{parameter}" kann auf einem Edge-Transport-Server nicht verwendet werden.',
    "out_of_scope": (
        '"{identity}" liegt nicht innerhalb Ihrer aktuellen Schreibbereiche. Der Speichervorgang kann nicht ausgeführt '
        "werden."
    ),
    "out_of_config_scope": (
        'Fehler beim Vorgang für {kind} "{identity}", da er sich außerhalb des Schreibbereichs des aktuellen Benutzers '
        "befindet."
    ),
    "usage_requires": 'Der Parameter "{parameter}" ist für den Verwendungstyp "{usage}" erforderlich.',
    "usage_forbids": 'Der Parameter "{parameter}" kann für den Verwendungstyp "{usage}" nicht verwendet werden.',
    "usage_not_on_edge": 'Der Verwendungstyp "{usage}" ist auf einem Edge-Transport-Server nicht verfügbar.',
    "out_of_range": (
        'Fehler bei der Eigenschaftenüberprüfung. Eigenschaft = {name} Fehler = Der Wert "{value}" liegt außerhalb des '
        'gültigen Bereichs; gültig sind Werte von "{minimum}" bis "{maximum}".'
    ),
    "too_small": (
        'Fehler bei der Eigenschaftenüberprüfung. Eigenschaft = {name} Fehler = Der Wert "{value}" liegt außerhalb des '
        'gültigen Bereichs; gültig sind Werte ab "{minimum}".'
    ),
    "too_long": (
        "Fehler bei der Eigenschaftenüberprüfung. Eigenschaft = {name} Fehler = Die Eigenschaft ist zu lang. Die "
        "maximale Länge ist {maximum}, und die Länge des angegebenen Werts ist {length}."
    ),
    "bad_name": (
        'Fehler bei der Eigenschaftenüberprüfung. Eigenschaft = Name Fehler = Der Wert "{name}" ist leer, beginnt oder '
        "endet mit einem Leerzeichen oder enthält ein Steuerzeichen."
    ),
    "policy_global_scope": (
        "Eine Einschränkungsrichtlinie mit dem Bereich Global kann nicht erstellt werden; es gibt nur die "
        "Standardrichtlinie."
    ),
    "policy_scope_fixed": (
        'Der Bereich der Einschränkungsrichtlinie "{name}" ist {scope} und kann nicht geändert werden.'
    ),
    "policy_default_stays": 'Die Standard-Einschränkungsrichtlinie "{name}" kann nicht entfernt werden.',
    "policy_default_only": (
        "Der Parameter {parameter} kann nur für die Standard-Einschränkungsrichtlinie festgelegt werden."
    ),
    "role_conflict": (
        "Die von Ihnen für die Parameter Bindings und RemoteIPRanges angegebenen Werte stehen in Konflikt mit den "
        'Einstellungen des Empfangsconnectors "{identity}". Empfangsconnectors, die auf einem Server verschiedenen '
        "Transportrollen zugewiesen sind, müssen eindeutige Bindungen aus lokaler IP-Adresse und Port verwenden."
    ),
    "range_conflict": (
        "Die von Ihnen für die Parameter Bindings und RemoteIPRanges angegebenen Werte stehen in Konflikt mit den "
        'Einstellungen des Empfangsconnectors "{identity}". Geben Sie Werte an, die nicht in Konflikt stehen.'
    ),
    "custom_group": (
        'Der Wert "Custom" des Parameters "PermissionGroups" kann nicht festgelegt werden; verwenden Sie stattdessen '
        'das Cmdlet "Add-ADPermission".'
    ),
    "group_not_on_edge": (
        'Der Wert "{group}" des Parameters "PermissionGroups" ist auf einem Edge-Transport-Server nicht verfügbar.'
    ),
    "unknown_role": 'Der Parameter "TransportRole" muss FrontendTransport oder HubTransport sein.',
    "role_not_installed": (
        'Der Wert "{role}" des Parameters "TransportRole" erfordert einen Transportdienst, den der Server "{server}" '
        "nicht hat."
    ),
    "no_bindings": 'Der Parameter "Bindings" muss mindestens eine IP-Adresse mit Port enthalten.',
    "no_ranges": 'Der Parameter "RemoteIPRanges" muss mindestens einen IP-Adressbereich enthalten.',
    "value_twice": 'Der Wert "{value}" ist in der Auflistung bereits vorhanden. Eigenschaft = {name}',
    "basic_needs_tls": (
        'Wenn der Parameter "AuthMechanism" BasicAuthRequireTLS enthält, muss er auch BasicAuth und Tls enthalten.'
    ),
    "require_tls": 'Wenn der Parameter "RequireTLS" $true ist, muss der Parameter "AuthMechanism" Tls enthalten.',
    "external_alone": (
        'Wenn der Parameter "AuthMechanism" ExternalAuthoritative enthält, darf er außerdem nur Tls enthalten.'
    ),
    "external_needs_group": (
        'Wenn der Parameter "AuthMechanism" ExternalAuthoritative enthält, muss der Parameter "PermissionGroups" '
        "ExchangeServers enthalten."
    ),
    "domain_secure": (
        'Wenn der Parameter "DomainSecureEnabled" $true ist, muss der Parameter "AuthMechanism" Tls enthalten und darf '
        "ExternalAuthoritative nicht enthalten."
    ),
    "fqdn": (
        'Wenn der Parameter "AuthMechanism" eines Empfangsconnectors auf den Wert ExchangeServer festgelegt ist, '
        'müssen Sie den Parameter "FQDN" auf einen der folgenden Werte festlegen: den FQDN des Transportservers '
        '"{fqdn}", den NetBIOS-Namen des Transportservers "{server}" oder $null.'
    ),
    "timeouts": (
        'Der Wert des Parameters "ConnectionInactivityTimeout" muss kleiner sein als der Wert des Parameters '
        '"ConnectionTimeout".'
    ),
    "binary_needs_chunking": (
        'Wenn der Parameter "BinaryMimeEnabled" $true ist, muss auch der Parameter "ChunkingEnabled" $true sein.'
    ),
    "long_addresses": ('Der Parameter "LongAddressesEnabled" darf nur für Connectors des Transportdiensts $true sein.'),
    "banner": 'Der Wert des Parameters "Banner" muss mit "220 " beginnen oder $null sein.',
    "anonymous_tls": (
        'Der Parameter "SuppressXAnonymousTls" darf nur $true sein, wenn der Parameter '
        '"UseDowngradedExchangeServerAuth" des Transportdiensts auf dem Server "{server}" $true ist.'
    ),
    "unknown_capability": 'Die Funktion "{capability}" des Parameters "TlsDomainCapabilities" ist nicht bekannt.',
    "nothing_modified": (
        'Der Befehl wurde erfolgreich ausgeführt, es wurden jedoch keine Einstellungen von "{identity}" geändert.'
    ),
    "ace_present": (
        'Der entsprechende Zugriffssteuerungseintrag ist für das Objekt "{name}" und das Konto "{user}" bereits '
        "vorhanden."
    ),
    "ace_inherited": (
        "Ein geerbter Zugriffssteuerungseintrag wurde angegeben: [Rechte: {right}, Steuerungstyp: Allow] und für das "
        'Objekt "{name}" ignoriert.'
    ),
    "ace_absent": (
        'Der Zugriffssteuerungseintrag für das Objekt "{name}" und das Konto "{user}" kann nicht entfernt werden, da '
        "er für das Objekt nicht vorhanden ist."
    ),
    "no_remote_powershell": (
        'Dem Benutzer "{user}" wird der Zugriff verweigert: Remote-PowerShell ist für diesen Benutzer nicht aktiviert.'
    ),
    "no_roles": 'Der Benutzer "{user}" ist keiner Verwaltungsrolle zugewiesen.',
    "not_administrator": 'Dem Benutzer "{user}" wird der Zugriff verweigert.',
    "not_simulated": "The lab does not simulate {what}.",
}
