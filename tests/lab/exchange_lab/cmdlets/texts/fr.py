# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""French messages; every wording is unverified."""

TEXTS = {
    "unknown_command": (
        "Le terme «{name}» n'est pas reconnu comme nom d'applet de commande, fonction, fichier de script ou programme "
        "exécutable. Vérifiez l'orthographe du nom, ou si un chemin d'accès existe, vérifiez que le chemin d'accès est "
        "correct et réessayez."
    ),
    "unknown_parameter": "Impossible de trouver un paramètre correspondant au nom «{name}».",
    "ambiguous_parameter": (
        "Impossible de traiter le paramètre, car le nom «{name}» est ambigu. Les correspondances possibles sont les "
        "suivantes: {possible}."
    ),
    "parameter_twice": (
        "Impossible de lier le paramètre, car le paramètre «{name}» est spécifié plusieurs fois. Pour affecter "
        "plusieurs valeurs à des paramètres qui les acceptent, utilisez la syntaxe de tableau."
    ),
    "surplus_argument": "Impossible de trouver un paramètre positionnel acceptant l'argument «{value}».",
    "missing_parameters": (
        "Impossible de traiter la commande en raison d'un ou de plusieurs paramètres obligatoires manquants: {names}."
    ),
    "wrong_value": (
        "Impossible de traiter la transformation d'argument sur le paramètre «{name}». Impossible de convertir la "
        "valeur «{shown}» en type «{type_name}». Erreur: «{reason}»"
    ),
    "empty_collection": "Impossible de lier l'argument au paramètre «{name}», car il s'agit d'une collection vide.",
    "null_argument": "Impossible de lier l'argument au paramètre «{name}», car il a la valeur Null.",
    "empty_text": "Impossible de lier l'argument au paramètre «{name}», car il s'agit d'une chaîne vide.",
    "ambiguous_set": "Impossible de résoudre le jeu de paramètres à l'aide des paramètres nommés spécifiés.",
    "host_missing": (
        "Une commande qui demande une saisie à l'utilisateur a échoué, car le programme hôte ou le type de commande "
        "ne prend pas en charge l'interaction utilisateur. L'hôte tentait de demander une confirmation avec le message "
        "suivant: {question}"
    ),
    "create_connector": "Création du connecteur de réception «{name}» sur le serveur «{server}».",
    "set_connector": "Définition des propriétés du connecteur de réception «{identity}».",
    "remove_connector": (
        "Voulez-vous vraiment effectuer cette action?\nSuppression du connecteur de réception «{identity}»."
    ),
    "create_policy": "Création de la stratégie de limitation «{name}».",
    "set_policy": "Définition des propriétés de la stratégie de limitation «{name}».",
    "remove_policy": (
        "Êtes-vous sûr de vouloir effectuer cette action ?\nSuppression de la stratégie de limitation «{name}»."
    ),
    "add_permission": "Ajout de l'autorisation Active Directory sur «{identity}» pour l'utilisateur «{user}».",
    "remove_permission": (
        "Voulez-vous vraiment effectuer cette action?\n"
        "Suppression de l'autorisation Active Directory sur «{identity}» pour l'utilisateur «{user}»."
    ),
    "not_found": "L'opération n'a pas pu être effectuée, car l'objet «{identity}» est introuvable sur «{controller}».",
    "ambiguous": "L'opération n'a pas pu être effectuée, car «{identity}» correspond à plusieurs entrées.",
    "unknown_controller": (
        "Une erreur Active Directory 0x51 s'est produite lors de la vérification de l'adéquation du serveur «{name}». "
        "Erreur: «Réponse d'Active Directory: Le serveur LDAP n'est pas disponible.»"
    ),
    "already_exists": "L'opération Active Directory a échoué sur {controller}. L'objet «{name}» existe déjà.",
    "too_many_values": (
        "L'opération Active Directory a échoué sur {controller}. Cette erreur n'est pas récupérable. Informations "
        "supplémentaires: La limite d'administration de cette demande a été dépassée. Réponse d'Active Directory: "
        "00002024: SvcErr: DSID-02050BBD, problem 5008 (ADMIN_LIMIT_EXCEEDED), data -1026"
    ),
    "unknown_user": "L'utilisateur ou le groupe «{name}» est introuvable. Vérifiez que vous l'avez tapé correctement.",
    "unknown_right": "Le droit étendu «{name}» est introuvable. Vérifiez que vous l'avez tapé correctement.",
    "no_rights": "Vous devez spécifier une valeur pour le paramètre ExtendedRights ou AccessRights.",
    "unknown_component": "Le composant «{component}» est introuvable.",
    "server_is_newer": (
        "Le connecteur ne peut pas être modifié, car le serveur «{server}» exécute une version d'Exchange plus récente "
        "que le serveur «{executing}», dont les applets de commande s'exécutent."
    ),
    "server_is_older": (
        "Le connecteur ne peut pas être modifié, car le serveur «{server}» exécute une version antérieure d'Exchange; "
        "utilisez l'environnement de ligne de commande de cette version."
    ),
    "no_transport": "Le serveur «{server}» n'a aucun rôle serveur qui utilise des connecteurs de réception.",
    "not_on_edge": "Le paramètre {parameter} ne peut pas être utilisé sur un serveur de transport Edge.",
    "out_of_scope": (
        "«{identity}» n'est pas compris dans vos étendues d'écriture actuelles. Impossible d'effectuer "
        "l'enregistrement."
    ),
    "out_of_config_scope": (
        "L'opération sur {kind} «{identity}» a échoué, car elle est hors de l'étendue d'écriture de l'utilisateur "
        "actuel."
    ),
    "usage_requires": "Le paramètre {parameter} est requis lorsque le type d'utilisation est {usage}.",
    "usage_forbids": "Le paramètre {parameter} ne peut pas être utilisé lorsque le type d'utilisation est {usage}.",
    "usage_not_on_edge": "Le type d'utilisation {usage} n'est pas disponible sur un serveur de transport Edge.",
    "out_of_range": (
        "Échec de la validation de la propriété. Propriété = {name} Erreur = La valeur «{value}» est hors limites; les "
        "valeurs valides vont de «{minimum}» à «{maximum}»."
    ),
    "too_small": (
        "Échec de la validation de la propriété. Propriété = {name} Erreur = La valeur «{value}» est hors limites; les "
        "valeurs valides sont au moins «{minimum}»."
    ),
    "too_long": (
        "Échec de la validation de la propriété. Propriété = {name} Erreur = La propriété est trop longue. La longueur "
        "maximale est {maximum} et la longueur de la valeur fournie est {length}."
    ),
    "bad_name": (
        "Échec de la validation de la propriété. Propriété = Name Erreur = La valeur «{name}» est vide, commence ou "
        "finit par un espace, ou contient un caractère de contrôle."
    ),
    "policy_global_scope": (
        "Une stratégie de limitation dont l'étendue est Global ne peut pas être créée: seule existe celle par défaut."
    ),
    "policy_scope_fixed": (
        "L'étendue de la stratégie de limitation «{name}» est {scope} et ne peut pas être modifiée."
    ),
    "policy_default_stays": ("La stratégie de limitation par défaut «{name}» ne peut pas être supprimée."),
    "policy_default_only": (
        "Le paramètre {parameter} ne peut être défini que pour la stratégie de limitation par défaut."
    ),
    "role_conflict": (
        "Les valeurs que vous avez spécifiées pour les paramètres Bindings et RemoteIPRanges sont en conflit avec les "
        "paramètres du connecteur de réception «{identity}». Les connecteurs de réception affectés à des rôles de "
        "transport différents sur un même serveur doivent écouter sur des liaisons uniques d'adresse IP locale et de "
        "port."
    ),
    "range_conflict": (
        "Les valeurs que vous avez spécifiées pour les paramètres Bindings et RemoteIPRanges sont en conflit avec les "
        "paramètres du connecteur de réception «{identity}». Spécifiez des valeurs qui ne sont pas en conflit."
    ),
    "custom_group": (
        "La valeur Custom du paramètre PermissionGroups ne peut pas être définie; utilisez plutôt l'applet de commande "
        "Add-ADPermission."
    ),
    "group_not_on_edge": (
        "La valeur {group} du paramètre PermissionGroups n'est pas disponible sur un serveur de transport Edge."
    ),
    "unknown_role": "Le paramètre TransportRole doit être FrontendTransport ou HubTransport.",
    "role_not_installed": (
        "La valeur {role} du paramètre TransportRole nécessite un service de transport dont le serveur «{server}» ne "
        "dispose pas."
    ),
    "no_bindings": "Le paramètre Bindings doit contenir au moins une adresse IP et un port.",
    "no_ranges": "Le paramètre RemoteIPRanges doit contenir au moins une plage d'adresses IP.",
    "value_twice": "La valeur «{value}» est déjà présente dans la collection. Propriété = {name}",
    "basic_needs_tls": (
        "Lorsque le paramètre AuthMechanism contient BasicAuthRequireTLS, il doit également contenir BasicAuth et Tls."
    ),
    "require_tls": "Lorsque le paramètre RequireTLS est $true, le paramètre AuthMechanism doit contenir Tls.",
    "external_alone": (
        "Lorsque le paramètre AuthMechanism contient ExternalAuthoritative, la seule autre valeur possible est Tls."
    ),
    "external_needs_group": (
        "Lorsque le paramètre AuthMechanism contient ExternalAuthoritative, le paramètre PermissionGroups doit "
        "contenir ExchangeServers."
    ),
    "domain_secure": (
        "Lorsque le paramètre DomainSecureEnabled est $true, le paramètre AuthMechanism doit contenir Tls et ne doit "
        "pas contenir ExternalAuthoritative."
    ),
    "fqdn": (
        "Lorsque le paramètre AuthMechanism d'un connecteur de réception a la valeur ExchangeServer, vous devez donner "
        "au paramètre FQDN l'une des valeurs suivantes: le nom de domaine complet du serveur de transport «{fqdn}», le "
        "nom NetBIOS du serveur de transport «{server}» ou $null."
    ),
    "timeouts": (
        "La valeur du paramètre ConnectionInactivityTimeout doit être inférieure à celle du paramètre "
        "ConnectionTimeout."
    ),
    "binary_needs_chunking": (
        "Lorsque le paramètre BinaryMimeEnabled est $true, le paramètre ChunkingEnabled doit également être $true."
    ),
    "long_addresses": (
        "Le paramètre LongAddressesEnabled ne peut être $true que sur les connecteurs du service de transport."
    ),
    "banner": "La valeur du paramètre Banner doit commencer par «220 » ou être $null.",
    "anonymous_tls": (
        "Le paramètre SuppressXAnonymousTls ne peut être $true que si le paramètre UseDowngradedExchangeServerAuth du "
        "service de transport sur le serveur «{server}» est $true."
    ),
    "unknown_capability": "La fonctionnalité {capability} du paramètre TlsDomainCapabilities n'est pas connue.",
    "nothing_modified": (
        "La commande s'est terminée correctement, mais aucun paramètre de «{identity}» n'a été modifié."
    ),
    "ace_present": (
        "L'entrée de contrôle d'accès appropriée est déjà présente sur l'objet «{name}» pour le compte «{user}»."
    ),
    "ace_inherited": (
        "Une entrée de contrôle d'accès héritée a été spécifiée: [Droits: {right}, type de contrôle: Allow] et a été "
        "ignorée sur l'objet «{name}»."
    ),
    "ace_absent": (
        "Impossible de supprimer l'entrée de contrôle d'accès sur l'objet «{name}» pour le compte «{user}», car elle "
        "n'existe pas sur l'objet."
    ),
    "no_remote_powershell": (
        "L'accès est refusé à l'utilisateur «{user}»: PowerShell à distance n'est pas activé pour cet utilisateur."
    ),
    "no_roles": "L'utilisateur «{user}» n'est affecté à aucun rôle de gestion.",
    "not_administrator": "L'accès est refusé à l'utilisateur «{user}».",
    "not_simulated": "The lab does not simulate {what}.",
}
