<?php // The key set: the address of this page is what `m5 portal add --jwks-url` is given.
require __DIR__ . '/m5-token.php';
header('Content-Type: application/json');
echo m5_json(['keys' => [m5_jwk()]]);
