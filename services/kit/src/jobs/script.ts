export * from '../sql/script.ts';
