/* A certificate, and the key that makes it worthless by being here. Made once, by
 *
 *   openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem
 *   openssl req -new -key key.pem -subj /CN=demo -out request.pem
 *   openssl ca -config config -selfsign -in request.pem -keyfile key.pem -batch -notext
 *       -extfile extensions -startdate 20200101000000Z -enddate 21200101000000Z
 *
 * with these extensions: subjectAltName = DNS:localhost; keyUsage = digitalSignature;
 * nsComment = worthless: the key is public.
 *
 * SPDX-License-Identifier: MIT */
#include "demo_certificate.h"

const char DEMO_WORTHLESS_CERTIFICATE[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBkzCCATmgAwIBAgIUG0cMblKiHz01cLUBpZHfi+4LZn8wCgYIKoZIzj0EAwIw\n"
    "DzENMAsGA1UEAwwEZGVtbzAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAw\n"
    "MFowDzENMAsGA1UEAwwEZGVtbzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLyp\n"
    "X5inPn0bj7y7x+0LcI9iZSe3EHyhcS3/JD7WNthMMAA3W7uZPDJ5TsVWv/PvXneI\n"
    "mlPaN6j7oE3liu/IqHSjcTBvMBQGA1UdEQQNMAuCCWxvY2FsaG9zdDALBgNVHQ8E\n"
    "BAMCB4AwKwYJYIZIAYb4QgENBB4WHHdvcnRobGVzczogdGhlIGtleSBpcyBwdWJs\n"
    "aWMwHQYDVR0OBBYEFLqdpAyhEbluRRz8ovyScEv/geDfMAoGCCqGSM49BAMCA0gA\n"
    "MEUCIQDAWtXiAEzkacbsSXpFwgNvHZAJ/p9jmJJq5g2iZkRCFAIgIaLmswj8j1EY\n"
    "EIYQoM5KcD/o/Jy4PBIC0BCZ5vUD6ns=\n"
    "-----END CERTIFICATE-----\n";

const char DEMO_WORTHLESS_KEY[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg4J8PBlmnAUOSBGSr\n"
    "VXxUAovvhFBdL52EyKXcFaLsc3ehRANCAAS8qV+Ypz59G4+8u8ftC3CPYmUntxB8\n"
    "oXEt/yQ+1jbYTDAAN1u7mTwyeU7FVr/z7153iJpT2jeo+6BN5YrvyKh0\n"
    "-----END PRIVATE KEY-----\n";
