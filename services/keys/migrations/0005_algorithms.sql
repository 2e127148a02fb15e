-- What a key signs with is checked by the contract and by the domain; here against anything else.
alter table key drop constraint key_algorithm_check;
alter table key add constraint key_algorithm check (algorithm in (
  'hmac_sha256', 'hmac_sha384', 'hmac_sha512', 'ed25519', 'ecdsa_p256', 'ecdsa_secp256k1',
  'rsa_pkcs1_sha256', 'rsa_pss_sha256'
));
