import { readFileSync } from 'node:fs';

// Prints `N passed, N failed` for vitest's JSON reports. A report that is missing, and a file that
// failed before its first test, count as one failure each: silence is not success. What failed is named
// once more before the count, for whoever sees the end of a long output only.
let passed = 0;
let failed = 0;
for (const file of process.argv.slice(2)) {
  const report = read(file);
  if (report === undefined) {
    failed += 1;
    continue;
  }
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  for (const { name, status, message, assertionResults } of report.testResults) {
    const faults = assertionResults.filter((test) => test.status === 'failed');
    for (const { fullName, failureMessages } of faults)
      tell(name, fullName, failureMessages.join('\n'));
    if (status === 'failed' && faults.length === 0) {
      failed += 1;
      tell(name, 'before its first test', message);
    }
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

function tell(file, test, message) {
  console.log(`failed: ${file}: ${test}\n${String(message ?? '').slice(0, 2000)}\n`);
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    console.error(`no report: ${error.message}`);
    return undefined;
  }
}
