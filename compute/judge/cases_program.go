package judge

func (l *caseList) programs() {}
