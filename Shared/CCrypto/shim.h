#pragma once
#include <argon2.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

// A public key of the given kind from its parameters; NULL when they are no valid key.
static inline EVP_PKEY *crypto_key_of(const char *kind, OSSL_PARAM_BLD *builder) {
    EVP_PKEY *key = NULL;
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    if (parameters == NULL || context == NULL || EVP_PKEY_fromdata_init(context) != 1
        || EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    if (key == NULL) return NULL;
    EVP_PKEY_CTX *check = EVP_PKEY_CTX_new(key, NULL);
    int valid = check != NULL && EVP_PKEY_public_check_quick(check) == 1;
    EVP_PKEY_CTX_free(check);
    if (!valid) {
        EVP_PKEY_free(key);
        return NULL;
    }
    return key;
}

// An RSA key from modulus and exponent, both big-endian.
static inline EVP_PKEY *crypto_rsa_key(
    const uint8_t *modulus, size_t modulus_bytes, const uint8_t *exponent, size_t exponent_bytes) {
    EVP_PKEY *key = NULL;
    BIGNUM *n = BN_bin2bn(modulus, (int)modulus_bytes, NULL);
    BIGNUM *e = BN_bin2bn(exponent, (int)exponent_bytes, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (n != NULL && e != NULL && builder != NULL
        && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1
        && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        key = crypto_key_of("RSA", builder);
    OSSL_PARAM_BLD_free(builder);
    BN_free(n);
    BN_free(e);
    return key;
}

// A P-256 key from its point, 65 bytes: 4, x, y.
static inline EVP_PKEY *crypto_p256_key(const uint8_t *point, size_t point_bytes) {
    EVP_PKEY *key = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (builder != NULL
        && OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1
        && OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, point_bytes) == 1)
        key = crypto_key_of("EC", builder);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

// Whether a signature over SHA-256 of the message is by this key; DER for EC keys.
static inline int crypto_verify(
    EVP_PKEY *key, const uint8_t *signature, size_t signature_bytes, const uint8_t *message,
    size_t message_bytes) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int valid = context != NULL
        && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1
        && EVP_DigestVerify(context, signature, signature_bytes, message, message_bytes) == 1;
    EVP_MD_CTX_free(context);
    return valid;
}

// The same for an EC signature in the form of JSON Web Tokens: r and s, 32 bytes each.
static inline int crypto_verify_es256(
    EVP_PKEY *key, const uint8_t signature[64], const uint8_t *message, size_t message_bytes) {
    int valid = 0;
    BIGNUM *r = BN_bin2bn(signature, 32, NULL);
    BIGNUM *s = BN_bin2bn(signature + 32, 32, NULL);
    ECDSA_SIG *pair = ECDSA_SIG_new();
    if (r == NULL || s == NULL || pair == NULL || ECDSA_SIG_set0(pair, r, s) != 1) {
        BN_free(r);
        BN_free(s);
    } else {
        uint8_t *der = NULL;
        int der_bytes = i2d_ECDSA_SIG(pair, &der);
        if (der_bytes > 0) valid = crypto_verify(key, der, (size_t)der_bytes, message, message_bytes);
        OPENSSL_free(der);
    }
    ECDSA_SIG_free(pair);
    return valid;
}
