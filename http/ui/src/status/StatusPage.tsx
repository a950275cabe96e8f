export default function StatusPage(_: Record<string,string>) { return null }
