/** Every way a registry can refuse, by what it means: the HTTP status and the code in the body that clients know. */
const CODES = {
  'subject-missing': { status: 404, errorCode: 40401 },
  'version-missing': { status: 404, errorCode: 40402 },
  'schema-missing': { status: 404, errorCode: 40403 },
  'subject-deleted': { status: 404, errorCode: 40404 },
  'subject-not-deleted': { status: 404, errorCode: 40405 },
  'version-deleted': { status: 404, errorCode: 40406 },
  'version-not-deleted': { status: 404, errorCode: 40407 },
  'config-missing': { status: 404, errorCode: 40408 },
  'mode-missing': { status: 404, errorCode: 40409 },
  'schema-malformed': { status: 422, errorCode: 42201 },
  'version-malformed': { status: 422, errorCode: 42202 },
  'level-malformed': { status: 422, errorCode: 42203 },
  'mode-malformed': { status: 422, errorCode: 42204 },
  'not-permitted': { status: 422, errorCode: 42205 },
  'schema-referenced': { status: 422, errorCode: 42206 },
  'request-malformed': { status: 422, errorCode: 422 },
  'schema-incompatible': { status: 409, errorCode: 409 },
} as const;

export type RegistryErrorCode = keyof typeof CODES;

/** A refusal of the registry, which its API answers with. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly code: RegistryErrorCode;
  readonly status: number;
  /** As the body of the answer holds it. */
  readonly errorCode: number;

  constructor(code: RegistryErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
    this.status = CODES[code].status;
    this.errorCode = CODES[code].errorCode;
  }
}
