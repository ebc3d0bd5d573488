<?php
// One LDAP connection, used as Nextcloud's user_ldap uses it (lib/LDAP.php and lib/Connection.php):
// version 3, no referrals, results paged by a non-critical control. Reads what to do as JSON, and
// prints what came of each.

[$uri, $steps] = json_decode(stream_get_contents(STDIN), true, 512, JSON_THROW_ON_ERROR);
$link = ldap_connect($uri);
ldap_set_option($link, LDAP_OPT_PROTOCOL_VERSION, 3);
ldap_set_option($link, LDAP_OPT_REFERRALS, 0);
ldap_set_option($link, LDAP_OPT_NETWORK_TIMEOUT, 15);

/** What an entry holds, as ldap_get_entries gives it: names in lower case, values numbered. */
function entriesOf($link, $result): array {
    $entries = [];
    foreach (ldap_get_entries($link, $result) as $index => $entry) {
        if ($index === 'count') continue;
        $attributes = [];
        foreach ($entry as $name => $values) {
            if (!is_array($values)) continue;
            unset($values['count']);
            $attributes[$name] = $values;
        }
        $entries[] = ['dn' => $entry['dn'], 'attributes' => (object)$attributes];
    }
    return $entries;
}

function search($link, array $step): array {
    $ask = $step['read'] ?? false ? 'ldap_read' : 'ldap_search';
    $entries = [];
    $pages = 0;
    $cookie = '';
    do {
        $controls = isset($step['pageSize']) ? [[
            'oid' => LDAP_CONTROL_PAGEDRESULTS,
            'iscritical' => false,
            'value' => ['size' => $step['pageSize'], 'cookie' => $cookie],
        ]] : null;
        $result = @$ask($link, $step['base'], $step['filter'], $step['attributes'], 0,
            $step['sizeLimit'] ?? 0, -1, LDAP_DEREF_NEVER, $controls);
        if ($result === false) return ['code' => ldap_errno($link), 'entries' => $entries, 'pages' => $pages];
        ldap_parse_result($link, $result, $code, $matched, $message, $referrals, $returned);
        $entries = array_merge($entries, entriesOf($link, $result));
        $pages++;
        $cookie = $returned[LDAP_CONTROL_PAGEDRESULTS]['value']['cookie'] ?? '';
    } while ($cookie !== '');
    return ['code' => $code, 'entries' => $entries, 'pages' => $pages];
}

$outcomes = [];
foreach ($steps as $step) {
    if (isset($step['bind'])) {
        @ldap_bind($link, $step['bind'], $step['password']);
        $outcomes[] = ['code' => ldap_errno($link), 'entries' => [], 'pages' => 0];
    } else {
        $outcomes[] = search($link, $step);
    }
}
echo json_encode($outcomes, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE);
