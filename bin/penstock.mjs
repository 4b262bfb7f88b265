#!/usr/bin/env node
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';

const cli = join(dirname(dirname(fileURLToPath(import.meta.url))), 'cli', 'main.ts');
run(['--disable-warning=ExperimentalWarning', cli, ...process.argv.slice(2)]);
