"""Field numbers of admissionregistration.k8s.io/v1, in the form of ``fields_groups``.

Must not know how they are decoded.
"""

FIELDS = """\
admissionregistration.v1.ApplyConfiguration expression:s
admissionregistration.v1.AuditAnnotation key:s valueExpression:s
admissionregistration.v1.ExpressionWarning 2=fieldRef:s warning:s
admissionregistration.v1.JSONPatch expression:s
admissionregistration.v1.MatchCondition name:s expression:s
admissionregistration.v1.MatchResources namespaceSelector:meta.LabelSelector
  objectSelector:meta.LabelSelector resourceRules:*NamedRuleWithOperations
  excludeResourceRules:*NamedRuleWithOperations 7=matchPolicy:s?
admissionregistration.v1.MutatingAdmissionPolicy metadata:meta.ObjectMeta
  spec:MutatingAdmissionPolicySpec
admissionregistration.v1.MutatingAdmissionPolicyBinding metadata:meta.ObjectMeta
  spec:MutatingAdmissionPolicyBindingSpec
admissionregistration.v1.MutatingAdmissionPolicyBindingSpec policyName:s paramRef:ParamRef
  matchResources:MatchResources
admissionregistration.v1.MutatingAdmissionPolicySpec paramKind:ParamKind
  matchConstraints:MatchResources variables:*Variable mutations:*Mutation failurePolicy:s?
  matchConditions:*MatchCondition reinvocationPolicy:s
admissionregistration.v1.MutatingWebhook name:s clientConfig:WebhookClientConfig
  rules:*RuleWithOperations failurePolicy:s? namespaceSelector:meta.LabelSelector sideEffects:s?
  timeoutSeconds:i? admissionReviewVersions:*s matchPolicy:s? reinvocationPolicy:s?
  objectSelector:meta.LabelSelector matchConditions:*MatchCondition
admissionregistration.v1.MutatingWebhookConfiguration metadata:meta.ObjectMeta
  webhooks:*MutatingWebhook
admissionregistration.v1.Mutation 2=patchType:s applyConfiguration:ApplyConfiguration
  jsonPatch:JSONPatch
admissionregistration.v1.NamedRuleWithOperations resourceNames:*s ^:RuleWithOperations
admissionregistration.v1.ParamKind apiVersion:s kind:s
admissionregistration.v1.ParamRef name:s namespace:s selector:meta.LabelSelector
  parameterNotFoundAction:s?
admissionregistration.v1.Rule apiGroups:*s apiVersions:*s resources:*s scope:s?
admissionregistration.v1.RuleWithOperations operations:*s ^:Rule
admissionregistration.v1.ServiceReference namespace:s name:s path:s? port:i?
admissionregistration.v1.TypeChecking expressionWarnings:*ExpressionWarning
admissionregistration.v1.ValidatingAdmissionPolicy metadata:meta.ObjectMeta
  spec:ValidatingAdmissionPolicySpec status:ValidatingAdmissionPolicyStatus
admissionregistration.v1.ValidatingAdmissionPolicyBinding metadata:meta.ObjectMeta
  spec:ValidatingAdmissionPolicyBindingSpec
admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec policyName:s paramRef:ParamRef
  matchResources:MatchResources validationActions:*s
admissionregistration.v1.ValidatingAdmissionPolicySpec paramKind:ParamKind
  matchConstraints:MatchResources validations:*Validation failurePolicy:s?
  auditAnnotations:*AuditAnnotation matchConditions:*MatchCondition variables:*Variable
admissionregistration.v1.ValidatingAdmissionPolicyStatus observedGeneration:i
  typeChecking:TypeChecking conditions:*meta.Condition
admissionregistration.v1.ValidatingWebhook name:s clientConfig:WebhookClientConfig
  rules:*RuleWithOperations failurePolicy:s? namespaceSelector:meta.LabelSelector sideEffects:s?
  timeoutSeconds:i? admissionReviewVersions:*s matchPolicy:s? objectSelector:meta.LabelSelector
  matchConditions:*MatchCondition
admissionregistration.v1.ValidatingWebhookConfiguration metadata:meta.ObjectMeta
  webhooks:*ValidatingWebhook
admissionregistration.v1.Validation expression:s message:s reason:s? messageExpression:s
admissionregistration.v1.Variable name:s expression:s
admissionregistration.v1.WebhookClientConfig service:ServiceReference caBundle:b url:s?
"""
