const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** The number that a Kubernetes quantity stands for, or undefined when it is none. */
export function quantityOf(amount: string | number | undefined): number | undefined {
  if (typeof amount !== 'string') return amount;
  const [, digits, suffix = ''] = /^(\d+(?:\.\d+)?)([kMGTm]|[KMGT]i)?$/.exec(amount) ?? [];
  return digits === undefined ? undefined : Number(digits) * (FACTORS[suffix] as number);
}
