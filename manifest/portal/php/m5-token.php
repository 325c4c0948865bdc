<?php // Signs who is signed in at this portal, for M5 at {{url}}. PHP 7.4 or newer with OpenSSL. Once, outside the web root:
//   openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out m5-key.pem
function m5_part(string $bytes): string { return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '='); }
function m5_json(array $value): string { return json_encode($value, JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR); }
function m5_int(string $bytes): string { return str_pad(ltrim($bytes, "\0"), 32, "\0", STR_PAD_LEFT); }
function m5_key() { return openssl_pkey_get_private('file://' . (getenv('M5_KEY') ?: __DIR__ . '/m5-key.pem')); }
function m5_jwk(): array {
    $ec = openssl_pkey_get_details(m5_key())['ec'];
    $jwk = ['crv' => 'P-256', 'kty' => 'EC', 'x' => m5_part(m5_int($ec['x'])), 'y' => m5_part(m5_int($ec['y']))];
    return $jwk + ['kid' => m5_part(hash('sha256', m5_json($jwk), true)), 'use' => 'sig', 'alg' => 'ES256'];
}
/** The token, for whoever is signed in here. $sub is their key in the roster, as text. */
function m5_token(string $issuer, string $origin, string $sub): string {
    $iat = time();
    $claims = ['iss' => $issuer, 'aud' => '{{url}}', 'school' => '{{key}}', 'origin' => $origin, 'sub' => $sub,
        'iat' => $iat, 'exp' => $iat + 60, 'jti' => bin2hex(random_bytes(16))];
    $text = m5_part(m5_json(['typ' => 'JWT', 'alg' => 'ES256', 'kid' => m5_jwk()['kid']])) . '.' . m5_part(m5_json($claims));
    openssl_sign($text, $der, m5_key(), OPENSSL_ALGO_SHA256); // DER: 30 length 02 length r 02 length s; a JWT wants r and s, 32 bytes each
    [$r, $at] = [substr($der, 4, ord($der[3])), 4 + ord($der[3])];
    return $text . '.' . m5_part(m5_int($r) . m5_int(substr($der, $at + 2, ord($der[$at + 1]))));
}
