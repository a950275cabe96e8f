export default function HoldPage(_: Record<string,string>) { return null }
